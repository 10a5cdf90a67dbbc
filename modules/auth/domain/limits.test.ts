import { describe, expect, it } from 'vitest';
import { networkOf } from './limits.ts';

describe('a network', () => {
  it('is an IPv4 address, however it is written', () => {
    expect(networkOf('192.0.2.1')).toBe('192.0.2.1');
    expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  });

  it('is the upper half of an IPv6 address', () => {
    const network = networkOf('2001:db8:1:2:3:4:5:6');
    for (const same of ['2001:db8:1:2::1', '2001:0DB8:0001:0002::', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::1%eth0'])
      expect(networkOf(same)).toBe(network);
    expect(networkOf('2001:db8:1:3::1')).not.toBe(network);
    expect(networkOf('2001:db8::1:2')).not.toBe(network);
    expect(networkOf('::1')).not.toBe(network);
  });

  it('is whatever it is when it is no address', () => {
    expect(networkOf('unknown')).toBe('unknown');
    expect(networkOf('')).toBe('');
  });
});
