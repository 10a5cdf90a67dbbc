/** The messages of google.rpc that describe errors (https://google.aip.dev/193), as every gRPC library knows them. */
import protobuf from 'protobufjs';

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  package google;
  message Any { string type_url = 1; bytes value = 2; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { Duration retry_delay = 1; }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; }
    repeated FieldViolation field_violations = 1;
  }
  `,
  new protobuf.Root(),
);
root.resolveAll();

const message = (name: string) => root.lookupType(`google.${name}`);
export const Status = message('Status');
export const ErrorInfo = message('ErrorInfo');
export const RetryInfo = message('RetryInfo');
export const BadRequest = message('BadRequest');
