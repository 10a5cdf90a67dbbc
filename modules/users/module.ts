/** The wiring of users. */
import { Clock } from '#platform/clock.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { PersonalTraces } from '#platform/personal-traces.ts';
import { defineModule, on, use } from '#platform/module.ts';
import { Transaction } from '#platform/transaction.ts';
import { AuthApi, emailVerified, userRegistered } from '../auth/contract.ts';
import { OrdersApi } from '../orders/contract.ts';
import { PaymentsApi } from '../payments/contract.ts';
import { personErased, UsersApi } from './contract.ts';
import { Addresses } from './domain/addresses.ts';
import { Exports } from './domain/exports.ts';
import { People } from './domain/people.ts';
import { Profiles } from './domain/profiles.ts';
import { usersEndpoints } from './http/endpoints.ts';
import { exportEndpoint } from './http/export-endpoint.ts';
import { PrismaClient } from './persistence/generated/client.ts';
import { postgresExports } from './persistence/postgres-exports.ts';
import { prismaAddresses } from './persistence/prisma-addresses.ts';
import { prismaPeople } from './persistence/prisma-people.ts';
import { prismaProfiles } from './persistence/prisma-profiles.ts';
import { createProfile } from './reactions/create-profile.ts';
import { keepEmail } from './reactions/keep-email.ts';
import { addAddress } from './use-cases/add-address.ts';
import { beginExport } from './use-cases/begin-export.ts';
import { endExport } from './use-cases/end-export.ts';
import { erase } from './use-cases/erase.ts';
import { exportPage } from './use-cases/export-page.ts';
import { getAddress } from './use-cases/get-address.ts';
import { getProfile } from './use-cases/get-profile.ts';
import { listAddresses } from './use-cases/list-addresses.ts';
import { removeAddress } from './use-cases/remove-address.ts';
import { replaceAddress } from './use-cases/replace-address.ts';
import { updateProfile } from './use-cases/update-profile.ts';

export default defineModule('users', {
  offers: UsersApi,
  needs: [
    AuthApi.getRegistration,
    AuthApi.exportPersonalData,
    AuthApi.allowErasure,
    OrdersApi.exportPersonalData,
    PaymentsApi.exportPersonalData,
  ],
  publishes: [personErased],
  ports(bind) {
    bind(PrismaClient).toResolvedValue((database) => database.prisma(PrismaClient), [Database]);
    bind(Profiles).toResolvedValue(prismaProfiles, [Database, PrismaClient]);
    bind(Addresses).toResolvedValue(prismaAddresses, [Database, PrismaClient]);
    bind(Exports).toResolvedValue(postgresExports, [Database]);
    bind(People).toResolvedValue(prismaPeople, [Database, PrismaClient, PersonalTraces]);
  },
  operations: {
    getProfile: use(getProfile, [Profiles, AuthApi.getRegistration]),
    updateProfile: use(updateProfile, [Profiles, AuthApi.getRegistration, Clock]),
    listAddresses: use(listAddresses, [Addresses]),
    getAddress: use(getAddress, [Addresses]),
    addAddress: use(addAddress, [Addresses, Clock]),
    replaceAddress: use(replaceAddress, [Addresses, Clock]),
    removeAddress: use(removeAddress, [Addresses]),
    beginExport: use(beginExport, [
      Exports,
      Profiles,
      Addresses,
      AuthApi.getRegistration,
      AuthApi.exportPersonalData,
      Clock,
    ]),
    exportPage: use(exportPage, [
      Exports,
      AuthApi.exportPersonalData,
      OrdersApi.exportPersonalData,
      PaymentsApi.exportPersonalData,
    ]),
    endExport: use(endExport, [Exports]),
    erase: use(erase, [Transaction, People, Outbox, AuthApi.allowErasure, Clock]),
  },
  reactions: {
    'create-profile': on(userRegistered, createProfile, [Profiles], { summary: 'Creates the profile.' }),
    'keep-email': on(emailVerified, keepEmail, [Profiles], { summary: 'Shows the address in the profile.' }),
  },
  endpoints: [...usersEndpoints, exportEndpoint],
  scopes: {
    profile: 'See your name, e-mail address and telephone number',
    'profile:write': 'Change your name and telephone number',
    'addresses:read': 'See your addresses',
    'addresses:write': 'Add, change and delete your addresses',
  },
});
