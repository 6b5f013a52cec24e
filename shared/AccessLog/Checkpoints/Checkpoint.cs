using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Tree;

namespace PasientensMaledata.AccessLog.Checkpoints;

/// <summary>A signed tree head (C2SP tlog-checkpoint, as a C2SP signed-note): what the log says that it held.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">Events that it covers.</param>
/// <param name="Root">Root of the tree over them.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    // U+2014, as signed-note has it.
    private const string SignatureMark = "\u2014 ";

    /// <summary>What is signed.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>The signed note.</summary>
    public string Sign(LogSigner signer)
    {
        var signature = new byte[4 + 64];
        BinaryPrimitives.WriteUInt32BigEndian(signature, signer.Verifier.IdNumber);
        signer.Sign(Encoding.UTF8.GetBytes(Text)).CopyTo(signature, 4);
        return $"{Text}\n{SignatureMark}{signer.Verifier.Name} {Convert.ToBase64String(signature)}\n";
    }

    /// <summary>Reads what a note says, without asking who signed it.</summary>
    public static bool TryRead(string note, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        var lines = note.Split('\n');
        Span<byte> root = stackalloc byte[TreeHash.Size];
        if (lines.Length >= 6 && lines[3].Length == 0 && lines[0].Length > 0 && long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && Convert.TryFromBase64String(lines[2], root, out var length) && length == TreeHash.Size)
        {
            checkpoint = new(lines[0], size, root.ToArray());
        }

        return checkpoint is not null;
    }

    /// <summary>Takes apart notes that lie one after another: a note begins after the signatures of the one before.</summary>
    public static IEnumerable<string> Split(string notes)
    {
        var begin = 0;
        var signed = false;
        for (var at = 0; at < notes.Length;)
        {
            var isSignature = notes.AsSpan(at).StartsWith(SignatureMark, StringComparison.Ordinal);
            if (signed && !isSignature)
            {
                yield return notes[begin..at];
                (begin, signed) = (at, false);
            }

            signed |= isSignature;
            at = notes.IndexOf('\n', at) is var end and >= 0 ? end + 1 : notes.Length;
        }

        if (begin < notes.Length)
        {
            yield return notes[begin..];
        }
    }
}
