/** The rules of the architecture check that dependency-cruiser can express, for the same layout. */
const module_ = '^modules/([^/]+)/';
const inside = (role) => `^modules/([^/]+)/${role}/`;
const mayUse = (role, own) => ({
  name: `layers-${role}`,
  severity: 'error',
  from: { path: inside(role), pathNot: '[.]test[.]ts$' },
  to: { path: '^modules/$1/', pathNot: `^modules/$1/(contract[.]ts|${[role, ...own].join('/|')}/)` },
});
/** The role's modules may not know contracts of others. */
const knowsNobody = (role) => ({
  name: `contracts-${role}`,
  severity: 'error',
  from: { path: inside(role), pathNot: '[.]test[.]ts$' },
  to: { path: otherContracts, pathNot: '^modules/$1/' },
});
const otherContracts = '^modules/[^/]+/contract[.]ts$';

module.exports = {
  forbidden: [
    {
      name: 'contracts-only',
      severity: 'error',
      from: { path: module_ },
      to: { path: module_, pathNot: ['^modules/$1/', otherContracts] },
    },
    {
      name: 'from-elsewhere',
      severity: 'error',
      from: { pathNot: '^(modules|bench)/' },
      to: { path: module_, pathNot: otherContracts },
    },
    {
      name: 'platform-only',
      severity: 'error',
      from: { path: '^modules/' },
      to: { path: '^src/', pathNot: '^src/platform/' },
    },
    { name: 'src-names-no-module', severity: 'error', from: { path: '^src/' }, to: { path: '^modules/' } },
    {
      name: 'platform-stands-alone',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!platform/)' },
    },
    mayUse('domain', []),
    mayUse('use-cases', ['domain', 'sagas']),
    mayUse('reactions', ['domain', 'sagas', 'use-cases']),
    mayUse('persistence', ['domain']),
    mayUse('http', []),
    knowsNobody('domain'),
    knowsNobody('persistence'),
    knowsNobody('http'),
    {
      name: 'domain-packages',
      severity: 'error',
      from: { path: inside('domain') },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    { name: 'domain-builtins', severity: 'error', from: { path: inside('domain') }, to: { dependencyTypes: ['core'] } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-packages',
      severity: 'error',
      from: { path: '^(src|modules)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
