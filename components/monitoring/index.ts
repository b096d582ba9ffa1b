export { Monitoring, type MonitoringArgs } from "./monitoring";
