// Answers every HTTPS request with one status: 403 as an API server answers a stranger, 500 as one that is not ready.
// Usage: node answering-server.mjs PORT KEY-FILE CERTIFICATE-FILE STATUS
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [port, keyFile, certificateFile, status] = process.argv.slice(2);
const server = createServer(
  { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
  (_request, response) => {
    response.writeHead(Number(status)).end("an answer\n");
  },
);
server.listen(Number(port));
