/** The tools that come with Kafka, as programs in a folder for the path: kafka-topics.sh and the like. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../running-program.ts';
import { classPath } from './jars.ts';
import { logging } from './node.ts';

const programs = {
  'kafka-topics.sh': 'TopicCommand',
  'kafka-acls.sh': 'AclCommand',
  'kafka-configs.sh': 'ConfigCommand',
  'kafka-consumer-groups.sh': 'consumer.group.ConsumerGroupCommand',
};

export async function kafkaTools(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await temporaryFolder('fissile-kafka-tools-');
  for (const [name, program] of Object.entries(programs)) {
    const java = `java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${logging} -cp '${classPath}'`;
    await writeFile(join(folder.path, name), `#!/bin/sh\nexec ${java} org.apache.kafka.tools.${program} "$@"\n`);
    await chmod(join(folder.path, name), 0o755);
  }
  return folder;
}
