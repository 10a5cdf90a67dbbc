export const table = 'billing.bills';
