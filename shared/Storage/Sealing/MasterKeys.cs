using System.Security.Cryptography;
using System.Text.Json;

namespace PasientensMaledata.Storage.Sealing;

/// <summary>
/// The numbered master keys, newest first in use. They wrap every other key and nothing else. Kept in a file only the owner can read, or a Key Vault
/// secret of the same text: a JSON object from number to 32 bytes in base64.
/// </summary>
public sealed class MasterKeys
{
    private readonly SortedDictionary<int, byte[]> keys;

    private MasterKeys(SortedDictionary<int, byte[]> keys) => this.keys = keys;

    /// <summary>How many there are: two while one is rotated.</summary>
    public int Count => keys.Count;

    /// <summary>Number of the key that wraps what is written now.</summary>
    public int Current => keys.Keys.Max();

    /// <summary>A first key, from the operating system's random source.</summary>
    public static MasterKeys Generate() => new(new() { [1] = RandomNumberGenerator.GetBytes(32) });

    /// <summary>These keys and a new one, which becomes the current.</summary>
    public MasterKeys WithNext() => new(new(keys) { [Current + 1] = RandomNumberGenerator.GetBytes(32) });

    /// <summary>The current key alone: what it does not open is lost.</summary>
    public MasterKeys CurrentOnly() => new(new() { [Current] = keys[Current] });

    /// <summary>Reads the text of a secret.</summary>
    /// <exception cref="FormatException">The text is not of this form; it is not repeated in the message.</exception>
    public static MasterKeys Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            var keys = JsonSerializer.Deserialize<SortedDictionary<int, byte[]>>(text);
            if (keys is { Count: > 0 } && keys.All(k => k.Key > 0 && k.Value is { Length: 32 }))
            {
                return new(keys);
            }
        }
        catch (JsonException)
        {
            // Told below, without the content.
        }

        throw new FormatException("The master keys are not a JSON object from a positive number to 32 bytes in base64.");
    }

    /// <summary>The text of the secret.</summary>
    public byte[] Format() => JsonSerializer.SerializeToUtf8Bytes(keys);

    /// <summary>Reads the file, or makes it with a first key, readable by the owner alone.</summary>
    /// <exception cref="FormatException">The file is there but is not of this form.</exception>
    public static MasterKeys ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                Generate().WriteFile(path, replace: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process made it in the same moment; its file is the one.
            }
        }

        return Parse(File.ReadAllBytes(path));
    }

    /// <summary>Replaces the file whole, so that a crash leaves the old or the new.</summary>
    public void WriteFile(string path) => WriteFile(path, replace: true);

    private void WriteFile(string path, bool replace)
    {
        var draft = $"{path}.{Guid.NewGuid():n}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, options))
        {
            file.Write(Format());
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, replace);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Wraps a key under the current master key: its number in 4 bytes, then the sealed key.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> key, ReadOnlySpan<byte> belongsTo)
    {
        using var seal = new Seal(keys[Current]);
        var wrapped = new byte[4 + key.Length + Seal.Overhead];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(wrapped, Current);
        seal.Close(key, belongsTo, wrapped.AsSpan(4));
        return wrapped;
    }

    /// <summary>Opens a wrapped key; null when its master key is not here, or it was changed.</summary>
    public byte[]? Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> belongsTo)
    {
        if (wrapped.Length < 4 || !keys.TryGetValue(NumberOf(wrapped), out var key))
        {
            return null;
        }

        using var seal = new Seal(key);
        return seal.TryOpen(wrapped[4..], belongsTo);
    }

    /// <summary>Number of the master key that a wrapped key needs.</summary>
    public static int NumberOf(ReadOnlySpan<byte> wrapped) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(wrapped);
}
