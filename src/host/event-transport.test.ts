import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, event } from '#platform/contract.ts';
import { type Beginning, defineModule, on } from '#platform/module.ts';
import { readConfiguration } from './configuration.ts';
import { subscriptionsOf } from './event-transport.ts';
import { Identity } from './identity.ts';
import { judge } from './judge.ts';
import { Opened } from './opened.ts';
import { silentLogger } from '../../tests/support/postgres.ts';

const bookLost = event('readers.book-lost', 1, { key: 'id', payload: z.object({ id: z.string() }) });
const library = (from?: Beginning) =>
  defineModule('library', {
    offers: api('library', {}),
    operations: {},
    reactions: {
      remind: on(bookLost, () => async () => {}, []),
      'write-off': on(bookLost, () => async () => {}, [], from ? { from } : {}),
    },
  });

/** Judges a start of the library, before anything is opened. */
function start(from: Beginning | undefined, eventsUrl: string | undefined): void {
  const configuration = { ...readConfiguration({}), eventsUrl };
  const identity = new Identity(configuration, silentLogger, new Opened(silentLogger));
  const authenticator = { keys: async () => [], isLive: async () => true, onEnded() {} };
  const modules = { definitions: [library(from)], elsewhere: [], isGateway: false };
  judge({ environment: {}, configuration, identity, authenticator, ...modules });
}

describe('a reaction that begins with the earliest event', () => {
  it.each([
    ['memory', undefined, 'memory, which carries events without EVENTS_URL, keeps none'],
    ['RabbitMQ', 'amqps://user:secret@broker', 'RabbitMQ keeps none'],
  ])('is refused by %s, which keeps no history, in one line that says what to do', (_, eventsUrl, why) => {
    expect(() => start('earliest', eventsUrl)).toThrow(
      `library.write-off begins with the earliest events there are (from: 'earliest'), and ${why}. Set EVENTS_URL to a Kafka, or have the reaction do without: from: 'earliest-if-kept'.`,
    );
  });

  it.each([
    ['on Kafka', 'earliest', 'kafkas://broker:9092'],
    ['where it may do without', 'earliest-if-kept', undefined],
    ['where it may do without', 'earliest-if-kept', 'amqp://broker'],
    ['that asks for nothing', undefined, undefined],
  ] as const)('is taken %s', (_, from, eventsUrl) => {
    expect(() => start(from, eventsUrl)).not.toThrow();
  });

  it('says so to the transport', () => {
    expect(subscriptionsOf(library('earliest'))).toEqual([
      { name: 'library.remind', event: bookLost },
      { name: 'library.write-off', event: bookLost, from: 'earliest' },
    ]);
  });
});
