// A small web app that says which commit it was made from, and leaves without dropping a request.
import { createServer } from "node:http";

const { PORT = "3000", COMMIT = "unknown", NODE_ENV = "unknown" } = process.env;

const server = createServer((request, response) => {
  if (request.url === "/health") {
    response.end("ok\n");
    return;
  }
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(`<!doctype html><title>hello</title><p>commit ${COMMIT}</p><p>environment ${NODE_ENV}</p>\n`);
});

server.listen(Number(PORT), () => console.log(`listening on ${PORT}`));

process.on("SIGTERM", () => {
  console.log("draining");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
