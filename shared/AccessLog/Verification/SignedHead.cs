using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Checkpoints;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>A checkpoint that a trusted key has signed, read letter by letter: what is not exactly of the form is none.</summary>
internal sealed record SignedHead(long Size, byte[] Root)
{
    /// <summary>Reads a note; null with the reason where it is not to be believed.</summary>
    public static SignedHead? Read(string note, IReadOnlyList<LogVerifierKey> trusted, out string wrong)
    {
        wrong = "The checkpoint is not of the form of a signed tree head.";
        var blank = note.IndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0 || blank + 2 >= note.Length || !note.EndsWith('\n'))
        {
            return null;
        }

        var text = note[..(blank + 1)];
        var lines = text.Split('\n');
        if (lines.Length != 4 || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size.ToString(CultureInfo.InvariantCulture) != lines[1])
        {
            return null;
        }

        var root = new byte[32];
        if (!Convert.TryFromBase64String(lines[2], root, out var length) || length != 32 || Convert.ToBase64String(root) != lines[2])
        {
            return null;
        }

        var isSigned = false;
        foreach (var line in note[(blank + 2)..^1].Split('\n'))
        {
            var fields = line.Split(' ');
            var signature = new byte[4 + 64];
            if (fields is not ["\u2014", var name, var base64])
            {
                return null;
            }

            // signed-note: what an unknown key has signed is passed over; what a known one has signed is right, or nothing is. The log signs once.
            if (!Convert.TryFromBase64String(base64, signature, out length) || length != signature.Length
                || trusted.FirstOrDefault(k => k.Name == name && k.IdNumber == BinaryPrimitives.ReadUInt32BigEndian(signature)) is not { } key)
            {
                continue;
            }

            if (isSigned || Convert.ToBase64String(signature) != base64 || !key.Verifies(Encoding.UTF8.GetBytes(text), signature.AsSpan(4)))
            {
                wrong = "The checkpoint's signature is not that of its text.";
                return null;
            }

            isSigned |= name == lines[0];
        }

        wrong = "The checkpoint is not signed by a key of the log that is believed. Where the key was rotated, the new one is to be given.";
        return isSigned ? new(size, root) : null;
    }
}
