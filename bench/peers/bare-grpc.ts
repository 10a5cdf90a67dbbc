/** grpc-js and its loader of .proto files as their documentation uses them, with the file that Fissile makes. */
import { loadPackageDefinition, type ServiceClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { libraryProto } from '../library-contract.ts';

const { root } = protobuf.parse(libraryProto, { keepCase: false });
const definition = fromJSON(root.toJSON(), { keepCase: false, longs: Number, enums: String, defaults: true });

const service = (): ServiceClientConstructor => {
  const { fissile } = loadPackageDefinition(definition) as unknown as {
    fissile: { library: { v1: { Library: ServiceClientConstructor } } };
  };
  return fissile.library.v1.Library;
};

export const bareService = (): ServiceDefinition => service().service;
export const BareClient = service();
