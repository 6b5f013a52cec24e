namespace PasientensMaledata.Access.Tokens;

/// <summary>Why a caller was not let in: one class for each check, to be counted in telemetry.</summary>
public enum RefusalReason
{
    /// <summary>No credentials of a scheme that is known here.</summary>
    NoCredentials,

    /// <summary>Several credentials, schemes or proofs.</summary>
    ManyCredentials,

    /// <summary>A scheme that the route does not take.</summary>
    OtherScheme,

    /// <summary>An access token past the limit.</summary>
    TokenTooLong,

    /// <summary>An access token that is no signed JWT.</summary>
    TokenMalformed,

    /// <summary>Its <c>alg</c> is not on the list.</summary>
    TokenAlgorithm,

    /// <summary>Its <c>typ</c> is not an access token's.</summary>
    TokenType,

    /// <summary>Its <c>iss</c> is not trusted here.</summary>
    TokenIssuer,

    /// <summary>Its <c>kid</c> is missing or not published.</summary>
    TokenKey,

    /// <summary>Its signature does not verify.</summary>
    TokenSignature,

    /// <summary>Its <c>aud</c> is missing, another, or more than one.</summary>
    TokenAudience,

    /// <summary>Its <c>exp</c> has passed.</summary>
    TokenExpired,

    /// <summary>Its <c>nbf</c> or <c>iat</c> lies ahead.</summary>
    TokenNotYetValid,

    /// <summary><c>exp</c> or <c>iat</c> is missing, or a time is no whole number.</summary>
    TokenTimes,

    /// <summary>No <c>cnf.jkt</c> where the route needs one.</summary>
    TokenNotBound,

    /// <summary><c>cnf</c> in a token sent as Bearer.</summary>
    TokenBound,

    /// <summary>The proof's key is not that of <c>cnf.jkt</c>.</summary>
    ProofKeyOfAnother,

    /// <summary>No <c>DPoP</c> header.</summary>
    ProofMissing,

    /// <summary>A proof past the limit.</summary>
    ProofTooLong,

    /// <summary>A proof that is no signed JWT.</summary>
    ProofMalformed,

    /// <summary>Its <c>typ</c> is not <c>dpop+jwt</c>.</summary>
    ProofType,

    /// <summary>Its <c>alg</c> is not on the list.</summary>
    ProofAlgorithm,

    /// <summary>Its <c>jwk</c> is missing, private, or of a wrong kind, size or curve.</summary>
    ProofKey,

    /// <summary>Its signature does not verify.</summary>
    ProofSignature,

    /// <summary>Its <c>ath</c> is missing or another token's.</summary>
    ProofOfAnotherToken,

    /// <summary>Its <c>jti</c> is missing or past the limit.</summary>
    ProofId,

    /// <summary>Its <c>htm</c> is missing or another method.</summary>
    ProofMethod,

    /// <summary>Its <c>htu</c> is missing or another address.</summary>
    ProofTarget,

    /// <summary>Its <c>iat</c> is missing or outside the window.</summary>
    ProofTime,

    /// <summary>It has been used.</summary>
    ProofReplayed,

    /// <summary>The scope of the call is not in the token.</summary>
    Scope,

    /// <summary>A machine's token where a person is needed.</summary>
    MachineToken,

    /// <summary>A person's token where a machine is needed.</summary>
    UserToken,

    /// <summary>The client is missing or not on the list.</summary>
    Client,

    /// <summary>The person number is missing or not valid.</summary>
    Person,

    /// <summary>One person acts for another, and it is not said as what.</summary>
    Representation,

    /// <summary>The person has not signed in at the highest level.</summary>
    Level,

    /// <summary>The issuer's keys could not be fetched.</summary>
    KeysUnreachable,

    /// <summary>The memory of used proofs could not be reached.</summary>
    MemoryUnreachable,
}
