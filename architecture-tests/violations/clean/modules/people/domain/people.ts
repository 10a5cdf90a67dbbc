export interface Person {
  readonly id: string;
  readonly name: string;
}

export abstract class People {
  abstract find(id: string): Promise<Person | undefined>;
}
