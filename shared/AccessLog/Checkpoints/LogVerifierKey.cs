using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace PasientensMaledata.AccessLog.Checkpoints;

/// <summary>
/// A public key of the log, as C2SP signed-note names it: name, key id and Ed25519 key. Its text is the usual <c>name+id+base64</c>.
/// </summary>
public sealed class LogVerifierKey
{
    // signed-note: the type byte of Ed25519.
    private const byte Ed25519Type = 0x01;
    private const int KeySize = 32;

    private readonly byte[] key;

    /// <param name="name">The log's name: not empty, no white space and no plus sign.</param>
    /// <param name="key">32 bytes.</param>
    /// <exception cref="ArgumentException">The name or the key is not of this form.</exception>
    public LogVerifierKey(string name, ReadOnlySpan<byte> key)
    {
        if (!IsName(name) || key.Length != KeySize)
        {
            throw new ArgumentException("A log's name has no white space and no '+', and its key 32 bytes.", nameof(name));
        }

        Name = name;
        this.key = key.ToArray();
        Id = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Type, .. key]), 0, 4);
    }

    /// <summary>The log's name: the origin of its checkpoints.</summary>
    public string Name { get; }

    /// <summary>The key id, 8 hexadecimal characters.</summary>
    public string Id { get; }

    /// <summary>Whether a text can name a log.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= 200 } && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    /// <summary>Reads the text of a key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out LogVerifierKey? key)
    {
        key = null;
        var parts = text.Split('+', 3);
        Span<byte> bytes = stackalloc byte[1 + KeySize];
        if (parts.Length == 3 && IsName(parts[0]) && Convert.TryFromBase64String(parts[2], bytes, out var length) && length == 1 + KeySize && bytes[0] == Ed25519Type)
        {
            var read = new LogVerifierKey(parts[0], bytes[1..]);
            key = read.Id == parts[1] ? read : null;
        }

        return key is not null;
    }

    /// <summary>Whether a signature of this key covers a text.</summary>
    public bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(PublicKey.Import(SignatureAlgorithm.Ed25519, key, KeyBlobFormat.RawPublicKey), text, signature);

    /// <summary><c>name+id+base64</c></summary>
    public override string ToString() => $"{Name}+{Id}+{Convert.ToBase64String([Ed25519Type, .. key])}";

    internal uint IdNumber => uint.Parse(Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

/// <summary>The private key that signs checkpoints. Its text is the usual <c>PRIVATE+KEY+name+id+base64</c>: a secret.</summary>
public sealed class LogSigner : IDisposable
{
    private const string Prefix = "PRIVATE+KEY+";
    private const byte Ed25519Type = 0x01;
    private const int SeedSize = 32;

    private readonly byte[] seed;
    private readonly Key key;

    private LogSigner(string name, byte[] seed)
    {
        this.seed = seed;
        key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        Verifier = new(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The public key.</summary>
    public LogVerifierKey Verifier { get; }

    /// <summary>A new key, from the operating system's random source.</summary>
    /// <exception cref="ArgumentException">The name cannot name a log.</exception>
    public static LogSigner Generate(string name) =>
        LogVerifierKey.IsName(name) ? new(name, RandomNumberGenerator.GetBytes(SeedSize)) : throw new ArgumentException("A log's name has no white space and no '+'.", nameof(name));

    /// <summary>Reads the text of a key.</summary>
    /// <exception cref="FormatException">It is none. The message does not repeat it.</exception>
    public static LogSigner Parse(string text)
    {
        var parts = text.Trim().StartsWith(Prefix, StringComparison.Ordinal) ? text.Trim()[Prefix.Length..].Split('+', 3) : [];
        var bytes = new byte[1 + SeedSize];
        if (parts.Length == 3 && LogVerifierKey.IsName(parts[0]) && Convert.TryFromBase64String(parts[2], bytes, out var length) && length == bytes.Length && bytes[0] == Ed25519Type)
        {
            var signer = new LogSigner(parts[0], bytes[1..]);
            if (signer.Verifier.Id == parts[1])
            {
                return signer;
            }

            signer.Dispose();
        }

        throw new FormatException("The signing key of the log is not of the form PRIVATE+KEY+name+id+base64.");
    }

    /// <summary>The text of the key: a secret.</summary>
    public string Format() => $"{Prefix}{Verifier.Name}+{Verifier.Id}+{Convert.ToBase64String([Ed25519Type, .. seed])}";

    /// <summary>Signs a text; the same text has the same signature (RFC 8032).</summary>
    public byte[] Sign(ReadOnlySpan<byte> text) => SignatureAlgorithm.Ed25519.Sign(key, text);

    /// <inheritdoc/>
    public void Dispose()
    {
        key.Dispose();
        CryptographicOperations.ZeroMemory(seed);
    }
}
