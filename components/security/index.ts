export { MutualTls, peerAuthentications, type MutualTlsArgs } from "./mutual-tls";
