using System.Text;
using System.Text.Json;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench.Tampering;

/// <summary>
/// One who has got hold of the storage, and changes what a checkpoint covers: a bit, a line, a row, or the whole of it as well as can be done without the
/// signing key; or, holding that key too, history before a checkpoint that somebody remembers. The same seed does the same.
/// </summary>
/// <param name="whole">The log as it was; all of it is sequenced, and the newest checkpoint covers it.</param>
/// <param name="signer">The log's signing key, for one who has stolen that too.</param>
/// <param name="random">What is changed.</param>
public sealed class Tamperer(MemoryLog whole, LogSigner signer, SeededRandom random)
{
    private readonly LogSigner stranger = LogSigner.Generate(signer.Verifier.Name);
    private readonly List<string> patients = [.. whole.Rows.Where(p => p.Key.StartsWith("log-", StringComparison.Ordinal) && p.Value.Keys.Any(IsEvent)).Select(p => p.Key)];

    /// <summary>Changes a copy. Gives what was done, in words.</summary>
    public (MemoryLog Log, string Done) Tamper()
    {
        while (true)
        {
            var log = whole.Copy();
            if (Change(log) is { } done && !IsSame(log))
            {
                return (log, done);
            }
        }
    }

    private string? Change(MemoryLog log) => random.Below(100) switch
    {
        < 30 => Flip(log),
        < 40 => Drop(log),
        < 50 => Swap(log),
        < 60 => Duplicate(log),
        < 70 => Truncate(log),
        < 78 => Backdate(log),
        < 86 => ReplaceTile(log),
        < 92 => SignAnew(log),
        < 96 => Rewrite(log),
        _ => RollBack(log),
    };

    private string Flip(MemoryLog log)
    {
        var (name, bytes, put) = Pick(log);
        var changed = (byte[])bytes.Clone();
        changed[random.Below(changed.Length)] ^= (byte)(1 << random.Below(8));
        put(changed);
        return $"flip a bit of {name}";
    }

    private string Drop(MemoryLog log)
    {
        if (random.Chance(0.3))
        {
            var name = random.Pick([.. log.Blobs.Keys]);
            log.Blobs.Remove(name);
            return $"drop {name}";
        }

        if (random.Chance(0.4))
        {
            var (patient, key) = PickRow(log);
            log.Rows[patient].Remove(key);
            return $"drop row {key}";
        }

        var (blob, lines) = PickLines(log);
        lines.RemoveAt(random.Below(lines.Count));
        Put(log, blob, lines);
        return $"drop a line of {blob}";
    }

    private string Swap(MemoryLog log)
    {
        if (random.Chance(0.3))
        {
            var ((patient, key), (otherPatient, other)) = (PickRow(log), PickRow(log));
            (log.Rows[patient][key], log.Rows[otherPatient][other]) = (log.Rows[otherPatient][other], log.Rows[patient][key]);
            return $"swap rows {key} and {other}";
        }

        var (blob, lines) = PickLines(log);
        var (a, b) = (random.Below(lines.Count), random.Below(lines.Count));
        (lines[a], lines[b]) = (lines[b], lines[a]);
        Put(log, blob, lines);
        return $"swap lines {a} and {b} of {blob}";
    }

    private string Duplicate(MemoryLog log)
    {
        if (random.Chance(0.3))
        {
            var (patient, key) = PickRow(log);
            log.Rows[patient][$"{key[..19]}{long.MaxValue - random.Below(20_000):x16}"] = log.Rows[patient][key];
            return $"duplicate row {key}";
        }

        var (blob, lines) = PickLines(log);
        var at = random.Below(lines.Count);
        lines.Insert(random.Below(lines.Count), lines[at]);
        Put(log, blob, lines);
        return $"duplicate line {at} of {blob}";
    }

    private string Truncate(MemoryLog log)
    {
        var (name, bytes, put) = Pick(log);
        put(bytes[..random.Below(bytes.Length)]);
        return $"truncate {name}";
    }

    private string Backdate(MemoryLog log)
    {
        var name = random.Pick([.. log.Blobs.Keys.Where(k => k.StartsWith("journal/", StringComparison.Ordinal) || k.StartsWith("sequence/", StringComparison.Ordinal))]);
        var lines = Lines(log.Blobs[name]);
        var at = random.Below(lines.Count);
        var text = Encoding.UTF8.GetString(lines[at]);
        var time = text.IndexOf(name[0] == 'j' ? "\"t\":\"" : "\"at\":\"", StringComparison.Ordinal) + (name[0] == 'j' ? 5 : 6);
        lines[at] = Encoding.UTF8.GetBytes($"{text[..time]}{random.Between(2020, 2025)}{text[(time + 4)..]}");
        Put(log, name, lines);
        return $"backdate line {at} of {name}";
    }

    private string? ReplaceTile(MemoryLog log)
    {
        var tiles = log.Blobs.Keys.Where(k => k.StartsWith("tile/", StringComparison.Ordinal)).ToList();
        if (tiles.Count == 0)
        {
            return null;
        }

        var name = random.Pick(tiles);
        log.Blobs[name] = random.Chance(0.5) ? log.Blobs[random.Pick(tiles)] : RandomTile();
        return $"replace {name}";
    }

    private string SignAnew(MemoryLog log)
    {
        var name = random.Pick([.. log.Blobs.Keys.Where(k => k.StartsWith("checkpoint/", StringComparison.Ordinal))]);
        var notes = Checkpoint.Split(Encoding.UTF8.GetString(log.Blobs[name])).ToList();
        var at = random.Below(notes.Count);
        Checkpoint.TryRead(notes[at], out var checkpoint);

        // Another root under a stolen key, or the right one under a stranger's.
        var stolen = random.Chance(0.5);
        notes[at] = stolen ? (checkpoint! with { Root = RandomTile()[..32] }).Sign(signer) : checkpoint!.Sign(stranger);
        log.Blobs[name] = Encoding.UTF8.GetBytes(string.Concat(notes));
        return $"sign checkpoint {at} of {name} {(stolen ? "over another root" : "with another key")}";
    }

    // An event is made another, and all that follows from it with it: rows, tiles, checkpoints. Only the key is a stranger's; or it is the log's own, and
    // only one who remembers can tell.
    private string Rewrite(MemoryLog log)
    {
        var name = random.Pick([.. log.Blobs.Keys.Where(k => k.StartsWith("journal/", StringComparison.Ordinal))]);
        var lines = Lines(log.Blobs[name]);
        var at = random.Below(lines.Count);
        var salt = Encoding.UTF8.GetString(lines[at]).IndexOf("\"s\":\"", StringComparison.Ordinal) + 5;
        lines[at] = [.. lines[at][..salt], (byte)(lines[at][salt] == (byte)'0' ? '1' : '0'), .. lines[at][(salt + 1)..]];
        Put(log, name, lines);
        var stolen = random.Chance(0.5);
        Derive(log, stolen ? signer : stranger);
        return $"rewrite line {at} of {name} and all that follows, signed with {(stolen ? "the stolen" : "another")} key";
    }

    private string RollBack(MemoryLog log)
    {
        var (name, lines) = ("sequence/00000000.ndjson", Lines(log.Blobs["sequence/00000000.ndjson"]));
        var keep = random.Below(lines.Count);
        Put(log, name, lines[..keep]);
        Derive(log, signer);
        return $"roll the log back to its first {keep} records";
    }

    /// <summary>Derives rows, tiles and checkpoints from journals and sequence, signed with a key.</summary>
    private static void Derive(MemoryLog log, LogSigner key)
    {
        var sizes = log.Blobs.Where(b => b.Key.StartsWith("checkpoint/", StringComparison.Ordinal))
            .SelectMany(b => Checkpoint.Split(Encoding.UTF8.GetString(b.Value))).Select(n => Checkpoint.TryRead(n, out var c) ? c.Size : 0).ToHashSet();
        foreach (var name in log.Blobs.Keys.Where(k => k.StartsWith("tile/", StringComparison.Ordinal) || k.StartsWith("checkpoint/", StringComparison.Ordinal)).ToList())
        {
            log.Blobs.Remove(name);
        }

        foreach (var patient in log.Rows.Where(p => p.Key.StartsWith("log-", StringComparison.Ordinal)))
        {
            foreach (var row in patient.Value.Keys.Where(IsEvent).ToList())
            {
                patient.Value.Remove(row);
            }
        }

        var edge = new TreeEdge();
        Dictionary<string, (long Serial, byte[] Hash)> heads = [];
        var notes = new StringBuilder();
        var newest = "";
        void Sign()
        {
            if (sizes.Contains(edge.Size))
            {
                newest = new Checkpoint(key.Verifier.Name, edge.Size, edge.Root()).Sign(key);
                notes.Append(newest);
            }
        }

        Sign();
        foreach (var text in Lines(log.Blobs["sequence/00000000.ndjson"]))
        {
            using var record = JsonDocument.Parse(text);
            var at = record.RootElement.GetProperty("at").GetDateTime();
            foreach (var range in record.RootElement.GetProperty("ranges").EnumerateArray())
            {
                var journal = JournalName.TryParse(range.GetProperty("journal").GetString()!, out var named) ? named : throw new InvalidDataException();
                long from = range.GetProperty("from").GetInt64();
                var to = range.GetProperty("to").GetInt64();
                foreach (var line in Lines(log.Blobs[journal.Blob.ToString()][(int)from..(int)to]))
                {
                    EventLine.TryPlace(line, out var whose, out var time);
                    var entry = LeafEntry.OfNobody(at);
                    if (whose is { } patient)
                    {
                        var partition = EventRow.Partition(patient).ToString();
                        var head = heads.GetValueOrDefault(partition);
                        entry = new(head.Serial + 1, head.Hash, at);
                        heads[partition] = (entry.Serial, entry.Hash(line));
                        var row = new EventRow(edge.Size, time, entry, new(journal, from, line), line.Length);
                        log.Rows[partition][row.Key.ToString()] = row.Format();
                    }

                    edge.Add(entry.Hash(line), (tile, hashes) => log.Blobs[tile.Blob.ToString()] = hashes);
                    from += line.Length + 1;
                    Sign();
                }
            }
        }

        log.Blobs["checkpoint/000000000000.txt"] = Encoding.UTF8.GetBytes(notes.ToString());
        var own = log.Rows["access-log"];
        own["checkpoint.access-log"] = Encoding.UTF8.GetBytes(newest);
        own["state.access-log"] = JsonSerializer.SerializeToUtf8Bytes(new { Epoch = 1, Blob = 0, Offset = 0, Records = 0, edge.Size, Edge = edge.Format() });
    }

    private (string Name, byte[] Bytes, Action<byte[]> Put) Pick(MemoryLog log)
    {
        if (random.Chance(0.3))
        {
            var (patient, key) = PickRow(log);
            return ($"row {key}", log.Rows[patient][key], value => log.Rows[patient][key] = value);
        }

        // Each kind alike, or nearly all would be journals.
        var kind = random.Pick(["journal/", "sequence/", "tile/", "checkpoint/"]);
        var names = log.Blobs.Keys.Where(k => k.StartsWith(kind, StringComparison.Ordinal)).ToList();
        var name = random.Pick(names.Count > 0 ? names : [.. log.Blobs.Keys]);
        return (name, log.Blobs[name], value => log.Blobs[name] = value);
    }

    private (string Patient, string Key) PickRow(MemoryLog log)
    {
        var patient = random.Pick(patients);
        return (patient, random.Pick([.. log.Rows[patient].Keys.Where(IsEvent)]));
    }

    private (string Blob, List<byte[]> Lines) PickLines(MemoryLog log)
    {
        var name = random.Pick([.. log.Blobs.Keys.Where(k => !k.StartsWith("tile/", StringComparison.Ordinal))]);
        return (name, Lines(log.Blobs[name]));
    }

    private byte[] RandomTile()
    {
        var tile = new byte[Tile.Bytes];
        for (var i = 0; i < tile.Length; i += 8)
        {
            BitConverter.TryWriteBytes(tile.AsSpan(i), random.Next());
        }

        return tile;
    }

    private bool IsSame(MemoryLog log) =>
        Same(log.Blobs, whole.Blobs) && log.Rows.All(p => Same(p.Value, whole.Rows[p.Key]));

    private static bool Same(SortedDictionary<string, byte[]> one, SortedDictionary<string, byte[]> other) =>
        one.Count == other.Count && one.All(b => other.TryGetValue(b.Key, out var bytes) && (ReferenceEquals(bytes, b.Value) || bytes.AsSpan().SequenceEqual(b.Value)));

    private static bool IsEvent(string key) => key.StartsWith("e.", StringComparison.Ordinal);

    private static List<byte[]> Lines(byte[] bytes)
    {
        List<byte[]> lines = [];
        for (var begin = 0; begin < bytes.Length;)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', begin);
            end = end < 0 ? bytes.Length : end;
            lines.Add(bytes[begin..end]);
            begin = end + 1;
        }

        return lines;
    }

    private static void Put(MemoryLog log, string blob, List<byte[]> lines) => log.Blobs[blob] = [.. lines.SelectMany(l => l.Append((byte)'\n'))];
}
