// Answers every HTTPS request with 403, as an API server answers a stranger.
// Usage: node answering-server.mjs PORT KEY-FILE CERTIFICATE-FILE
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [port, keyFile, certificateFile] = process.argv.slice(2);
const server = createServer(
  { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
  (_request, response) => {
    response.writeHead(403).end("forbidden\n");
  },
);
server.listen(Number(port));
