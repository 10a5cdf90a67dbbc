/** A way in which somebody proved who they are (RFC 8176): `mfa` beside others when it was by two factors, `fed` by another provider. */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'fed' | 'mfa';
