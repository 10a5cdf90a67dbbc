/** grpc.reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md): tools ask what can be called. */
import { type Server, type ServerDuplexStream, status as Code } from '@grpc/grpc-js';
import { builtInService } from './built-in-service.ts';
import { type FileDescriptor, fileDescriptors } from './file-descriptors.ts';
import { healthProto } from './health-service.ts';

/** The second one is what older tools ask for; it differs in the name alone. */
const packages = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'] as const;

const reflectionProto = (name: string) => `
syntax = "proto3";
package ${name};
service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string host = 1;
  oneof message_request {
    string file_by_filename = 3;
    string file_containing_symbol = 4;
    ExtensionRequest file_containing_extension = 5;
    string all_extension_numbers_of_type = 6;
    string list_services = 7;
  }
}
message ExtensionRequest { string containing_type = 1; int32 extension_number = 2; }
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ExtensionNumberResponse all_extension_numbers_response = 5;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
message ExtensionNumberResponse { string base_type_name = 1; repeated int32 extension_number = 2; }
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
message ErrorResponse { int32 error_code = 1; string error_message = 2; }
`;

interface Question {
  readonly host: string;
  readonly messageRequest?: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
}

export class ReflectionService {
  readonly #files = new Map<string, FileDescriptor>();
  readonly #symbols = new Map<string, FileDescriptor>();
  readonly #services: string[];

  /** `protos` are the texts of the .proto files that are served beside health and reflection. */
  constructor(protos: readonly string[]) {
    const all = [...protos, healthProto, ...packages.map(reflectionProto)].flatMap(fileDescriptors);
    for (const file of all) {
      this.#files.set(file.name, file);
      for (const symbol of file.symbols) this.#symbols.set(symbol, file);
    }
    this.#services = all.flatMap(({ services }) => services);
  }

  addTo(server: Server): void {
    for (const name of packages) {
      server.addService(builtInService(reflectionProto(name), `${name}.ServerReflection`), {
        ServerReflectionInfo: (stream: ServerDuplexStream<Question, object>) => {
          stream.on('data', (question: Question) => stream.write(this.#answer(question)));
          stream.on('end', () => stream.end());
        },
      });
    }
  }

  #answer(question: Question): object {
    return { validHost: question.host, originalRequest: question, ...this.#found(question) };
  }

  #found({ messageRequest, fileByFilename = '', fileContainingSymbol = '' }: Question): object {
    switch (messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return this.#file(this.#files.get(fileByFilename));
      case 'fileContainingSymbol':
        return this.#file(this.#symbols.get(fileContainingSymbol));
      default:
        return refused(Code.NOT_FOUND, 'There are no extensions here.');
    }
  }

  /** With what it imports, so that nobody has to ask again. */
  #file(file: FileDescriptor | undefined): object {
    if (!file) return refused(Code.NOT_FOUND, 'Nothing here has that name.');
    const files = [file, ...file.imports.map((name) => this.#files.get(name)!)];
    return { fileDescriptorResponse: { fileDescriptorProto: files.map(({ bytes }) => bytes) } };
  }
}

const refused = (errorCode: Code, errorMessage: string) => ({ errorResponse: { errorCode, errorMessage } });
