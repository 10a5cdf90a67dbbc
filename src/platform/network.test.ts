import { describe, expect, it } from 'vitest';
import { networkOf, plainAddress } from './network.ts';

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:4711', '192.0.2.1'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:0db8::0001]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [' 192.0.2.1 ', '192.0.2.1'],
  ])('S34 that a proxy writes as %s is %s', (written, address) => expect(plainAddress(written)).toBe(address));

  it('stays what it is where a proxy hides it (RFC 7239, 6.3)', () => {
    for (const hidden of ['unknown', '_gazonk', '']) expect(plainAddress(hidden)).toBe(hidden);
  });
});

describe('a network', () => {
  it('is an IPv4 address, however it is written', () => {
    for (const same of ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1:80', '192.0.2.1:81', '[::ffff:c000:201]:80'])
      expect(networkOf(same)).toBe('192.0.2.1');
    expect(networkOf('192.0.2.2')).not.toBe('192.0.2.1');
  });

  it('is the upper half of an IPv6 address', () => {
    const network = networkOf('2001:db8:1:2:3:4:5:6');
    expect(network).toBe('2001:db8:1:2::/64');
    const spellings = [
      '2001:db8:1:2::1',
      '2001:0DB8:0001:0002::',
      '2001:db8:1:2:ffff:ffff:ffff:ffff',
      '2001:db8:1:2::1%eth0',
      '[2001:db8:1:2::9]:443',
      '2001:db8:1:2::192.0.2.1',
    ];
    for (const same of spellings) expect(networkOf(same)).toBe(network);
    for (const other of ['2001:db8:1:3::1', '2001:db8::1:2', '::1']) expect(networkOf(other)).not.toBe(network);
  });

  it('is whatever it is when it is no address', () => {
    expect(networkOf('unknown')).toBe('unknown');
    expect(networkOf('')).toBe('');
  });
});
