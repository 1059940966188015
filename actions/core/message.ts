/** What goes out. */
export interface Message {
  readonly url: string | URL;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A whole answer; `status` may be an error. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  readonly body: string;
}

/** Sends a message once, and reads the whole answer, whatever its status. */
export type Send = (message: Message, signal: AbortSignal) => Promise<HttpAnswer>;
