// Stands in the bundle where `@actions/core` imports helpers of its own that no action calls.

const unused = () => {
  throw new Error("this helper of @actions/core is not part of this build");
};

/** Throws as soon as one is made. */
export class HttpClient {
  constructor() {
    unused();
  }
}

export { HttpClient as BearerCredentialHandler, unused as getExecOutput };
