/** Stands in the bundle where `@actions/core` imports an HTTP client for its OIDC helper. */
export class HttpClient {
  constructor() {
    throw new Error("the OIDC helper of @actions/core is not part of this build");
  }
}

export { HttpClient as BearerCredentialHandler };
