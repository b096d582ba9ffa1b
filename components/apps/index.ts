export { Ecommerce, type EcommerceArgs } from "./ecommerce";
export { EgovHello, type EgovHelloArgs } from "./egov";
export { appImage } from "./image";
export { MeshApplication, type MeshApplicationArgs } from "./mesh-application";
export { TrafficStudy, type TrafficStudyArgs } from "./study";
export { OutsideSite, type OutsideSiteArgs } from "./outside-site";
