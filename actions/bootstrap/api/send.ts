import { request } from "../../core/http.ts";
import type { Send } from "./client.ts";

/** Sends a request over the network, once: what is tried again, and when, is for the client to say. */
export const sendOverHttp: Send = (outgoing) => request({ ...outgoing, attempts: 1 });
