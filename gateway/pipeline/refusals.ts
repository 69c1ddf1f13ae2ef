import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';

export const unclearOperation = () =>
  new GraphQLError(
    'Which operation is meant? The document has several, or not the one named: give operationName.',
    {
      extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
    },
  );

export const subscriptionOverHttp = () =>
  new GraphQLError(
    'Subscriptions are served at this address over WebSocket (graphql-transport-ws) or as text/event-stream.',
    { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
  );

export const mutationByGet = () =>
  new GraphQLError('A mutation is not sent by GET.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: new HeaderMap([['allow', 'POST']]) } },
  });
