/** Two Moleculer nodes that know each other's address, so that nothing is broadcast on the network. */
import type { BrokerOptions } from 'moleculer';

/** The library listens on `port`, who asks on the next one. */
export const brokerOptions = (nodeID: 'library' | 'reader', port: number): BrokerOptions => ({
  nodeID,
  logger: false,
  transporter: {
    type: 'TCP',
    options: {
      udpDiscovery: false,
      port: nodeID === 'library' ? port : port + 1,
      urls: [`tcp://127.0.0.1:${port}/library`, `tcp://127.0.0.1:${port + 1}/reader`],
    },
  },
});
