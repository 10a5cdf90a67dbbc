/**
 * Gives every try to connect an end. grpc-js has none: a host that vanished is tried by the operating system at longer and
 * longer intervals for two minutes, and one that accepts and then says nothing is waited for for ever.
 */
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';

/** Milliseconds until the first message of HTTP/2. */
const patience = 5_000;

const { prototype } = Http2SubchannelConnector;
const { connect } = prototype;

prototype.connect = async function (address, ...others) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  // The address goes to net.connect as it is, which also takes a signal.
  const limited = Object.assign({ signal: late.signal }, address);
  try {
    return await connect.call(this, limited, ...others);
  } finally {
    clearTimeout(timer);
  }
};
