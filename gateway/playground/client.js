// Runs in the browser. GraphiQL does the editing; this tells it how to reach the gateway.

import { createClient } from './graphql-ws/client.js';
import { tabs } from './tabs.js';

const WORKERS = { graphql: 'graphql', json: 'json' };
globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => `/playground/${WORKERS[label] ?? 'editor'}.worker.js`,
};

/** The type of the operation that is meant, as GraphiQL has parsed it. */
function operationType({ operationName }, { documentAST } = {}) {
  const operations = (documentAST?.definitions ?? []).filter(d => d.kind === 'OperationDefinition');
  const meant = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
  return meant?.operation ?? 'query';
}

async function post(operation, headers) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(operation),
  });
  return response.json();
}

/** What is in the headers editor goes into connection_init, so that one token serves every kind of operation. */
function subscribe(operation, headers) {
  const client = createClient({
    url: new URL('/graphql', location.href).href.replace(/^http/, 'ws'),
    connectionParams: headers,
    // The page should show that a connection has ended, and why.
    retryAttempts: 0,
  });
  const results = client.iterate(operation);
  // Not a generator: that would hold back return(), the stop button, until the next event.
  return {
    next: () => results.next().catch(explain),
    return: () => results.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function explain(reason) {
  if (!(reason instanceof CloseEvent)) throw reason;
  throw new Error(`The connection was closed: ${reason.code} ${reason.reason}`);
}

function fetcher(operation, options = {}) {
  // The documentation should not vanish because the token in the headers editor has expired.
  if (operation.operationName === 'IntrospectionQuery') return post(operation, {});
  const headers = options.headers ?? {};
  return operationType(operation, options) === 'subscription'
    ? subscribe(operation, headers)
    : post(operation, headers);
}

const script = document.createElement('script');
script.src = '/playground/graphiql.js';
script.onload = () => {
  globalThis.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    fetcher,
    title: 'Guichet',
    defaultTabs: tabs,
  });
};
document.head.append(script);
