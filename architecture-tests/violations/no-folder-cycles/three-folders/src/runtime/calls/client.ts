import { codec } from '../grpc/codec.ts';

export const client = codec;
