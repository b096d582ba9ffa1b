/** API of Istio's security resources: v1 is the stored version since Istio 1.22. */
export const SECURITY_API = "security.istio.io/v1";
