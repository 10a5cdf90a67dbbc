/** The first administrator, as the settings have them; without a password one is made up. */
export abstract class AdministratorSettings {
  abstract readonly email: string;
  abstract readonly password: string | undefined;
}
