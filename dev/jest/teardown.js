export default () => globalThis.__stopTestServers();
