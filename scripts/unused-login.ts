// Stands where Infisical's SDK imports AWS packages for a login that fairlead does not offer.
function unavailable(): never {
  throw new Error("the AWS login is not part of this build");
}

export {
  unavailable as fromNodeProviderChain,
  unavailable as SignatureV4,
  unavailable as Sha256,
  unavailable as HttpRequest,
};
