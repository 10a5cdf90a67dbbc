export const seen = (client: { _requestHandler: object }) => client._requestHandler;
