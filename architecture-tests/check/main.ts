import { check } from './check.ts';
const report = await check(process.argv[2] ?? process.cwd());
for (const f of report.findings) console.log(`${f.file}:${f.line} [${f.rule}] ${f.what}\n    -> ${f.instead}`);
console.log(report.files, report.examined, report.milliseconds);
