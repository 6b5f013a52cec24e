using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Blobs as files, laid as <see cref="BlobPaths"/> says, with what is committed of each (path, length, version) kept in SQLite. Bytes are on
/// disk before the length that covers them is committed, so what a file has past its length was never answered for: it is not read, and is cut
/// off at the next append or opening. Whole content is written aside, and the commit that points to it is what changes the blob.
/// </summary>
internal sealed class EmbeddedBlobs : IBlobs, IDisposable
{
    private const string Schema =
        """
        CREATE TABLE blob (name TEXT PRIMARY KEY, path TEXT NOT NULL, appendable INTEGER NOT NULL, length INTEGER NOT NULL,
            version INTEGER NOT NULL, content INTEGER NOT NULL, appends INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE discarded (path TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
        """ + VersionCounter.Schema;

    // Every append writes one small row anew, and with it its page.
    private const int PageSize = 4096;

    private const string AsideFolder = ".aside";

    // Beside content that is given its name before that is committed: which blob, and which name. A killed process leaves it to be taken back.
    private const string NoteSuffix = ".to";

    private const int ListPage = 500;
    private const int MaxReadTurns = 100;

    // Content is aside for seconds; what lies there longer was left by a process that was killed.
    private static readonly TimeSpan AsideLifetime = TimeSpan.FromHours(1);

    private readonly string root;
    private readonly BlobPaths paths;
    private readonly SqliteDatabase database;
    private readonly Writes writes;
    private readonly GroupCommit<Work, Answer> writer;
    private readonly ReaderPool<Reader> readers;

    public EmbeddedBlobs(string databasePath, string root, TimeProvider time, TimeSpan busyTimeout)
    {
        this.root = root;
        paths = new BlobPaths(root);
        DurableFiles.CreateFolder(Path.Combine(root, AsideFolder));
        database = SqliteDatabase.Open(databasePath, Schema, PageSize, busyTimeout);
        try
        {
            writes = new Writes(database, paths);
            writes.Recover(Path.Combine(root, AsideFolder));
            RemoveAside(time);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        writer = new GroupCommit<Work, Answer>("blobs", database, writes, time);
        readers = new ReaderPool<Reader>(() => new Reader(SqliteDatabase.Open(databasePath, Schema, PageSize, busyTimeout)));
    }

    private enum Kind
    {
        Create,
        CreateAppendable,
        Append,
        Replace,
        Delete,
        Settle,
    }

    private enum Answer
    {
        Done,
        Refused,
        Missing,
        Full,
    }

    public long Commits => writer.Commits;

    /// <summary>Flushes of appended bytes to disk, beside those of commits.</summary>
    public long Flushes => writes.Flushes;

    /// <summary>Torn tails cut off at opening.</summary>
    public long TornTails => writes.TornTails;

    public string JournalMode => database.JournalMode;

    public long Synchronous => database.Synchronous;

    public async ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        StorageLimits.CheckContent(content);
        cancellationToken.ThrowIfCancellationRequested();

        // A taken name is mostly seen here, before anything is written.
        return Find(name) is null && await WriteWholeAsync(new Work(Kind.Create, name) { Content = content }, cancellationToken);
    }

    public async ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) =>
        await writer.DoAsync(new Work(Kind.CreateAppendable, name), null, cancellationToken) == Answer.Done;

    public async ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        StorageLimits.CheckAppend(position, bytes);
        var work = new Work(Kind.Append, name) { Content = bytes, Position = position };
        return await writer.DoAsync(work, null, cancellationToken) switch
        {
            Answer.Done => AppendOutcome.Appended,
            Answer.Missing => AppendOutcome.Missing,
            Answer.Full => throw StorageLimits.TooManyAppends(name),
            _ => AppendOutcome.WrongPosition,
        };
    }

    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken)
    {
        StorageLimits.CheckBlobRead(offset, maxBytes);
        var reader = readers.Take();
        try
        {
            var entry = reader.Find(name);
            for (var turn = 0; turn < MaxReadTurns; turn++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (entry is not { } found)
                {
                    return new((BlobRange?)null);
                }

                var count = (int)Math.Min(maxBytes, Math.Max(0, found.Length - offset));
                if (count == 0)
                {
                    return new(new BlobRange(default, found.Length, found.BlobVersion));
                }

                // A file that is open stays whole, whatever happens to its name; but the name may have gone to other content before it was
                // opened, which then shows in what is committed.
                using var file = OpenOrNull(paths.Full(found.Path));
                entry = reader.Find(name);
                if (entry?.Content == found.Content)
                {
                    return new(new BlobRange(ReadBytes(file, name, found, offset, count), found.Length, found.BlobVersion));
                }
            }

            throw new StorageUnavailableException($"The blob {name} was replaced again and again while it was read.");
        }
        finally
        {
            readers.Return(reader);
        }
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StorageLimits.CheckBlobPrefix(prefix);

        // The first text after all that start with the prefix.
        var end = prefix[..^1] + (char)(prefix[^1] + 1);
        var from = prefix;
        var page = new List<BlobItem>(ListPage);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            page.Clear();
            var reader = readers.Take();
            try
            {
                reader.List(from, end, ListPage, page);
            }
            finally
            {
                readers.Return(reader);
            }

            foreach (var item in page)
            {
                yield return item;
            }

            // '-' is the least character of a name, so that nothing lies between a name and it with one '!' more.
            from = page.Count == 0 ? end : page[^1].Name + "!";
            await Task.CompletedTask;
        }
        while (page.Count == ListPage);
    }

    public async ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        StorageLimits.CheckMayChange(name);
        StorageLimits.CheckContent(content);
        cancellationToken.ThrowIfCancellationRequested();
        var work = new Work(Kind.Replace, name) { Content = content, Version = version };
        if (Find(name)?.BlobVersion != version || !await WriteWholeAsync(work, cancellationToken))
        {
            return false;
        }

        await SettleAsync(work);
        return true;
    }

    public async ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken)
    {
        StorageLimits.CheckMayChange(name);
        var work = new Work(Kind.Delete, name) { Version = version };
        if (await writer.DoAsync(work, null, cancellationToken) != Answer.Done)
        {
            return false;
        }

        await SettleAsync(work);
        return true;
    }

    public void Dispose()
    {
        writer.Dispose();
        readers.Dispose();
        writes.Dispose();
        database.Dispose();
    }

    private async ValueTask<bool> WriteWholeAsync(Work work, CancellationToken cancellationToken)
    {
        var aside = Path.Combine(root, AsideFolder, Guid.NewGuid().ToString("n"));
        try
        {
            await DurableFiles.WriteAsync(aside, work.Content, cancellationToken);
            work.Aside = aside;
            var answer = await writer.DoAsync(work, null, cancellationToken);
            File.Delete(aside + NoteSuffix);
            return answer == Answer.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"The blob {work.Name} could not be written.", e);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    // The blob is changed already, so that a fault here is none of the caller's: what is left is settled at the next change or opening.
    private async ValueTask SettleAsync(Work done)
    {
        try
        {
            await writer.DoAsync(new Work(Kind.Settle, done.Name) { Discarded = done.Discarded }, null, CancellationToken.None);
        }
        catch (Exception e) when (e is StorageUnavailableException or ObjectDisposedException)
        {
        }
    }

    private Entry? Find(BlobName name)
    {
        var reader = readers.Take();
        try
        {
            return reader.Find(name);
        }
        finally
        {
            readers.Return(reader);
        }
    }

    private void RemoveAside(TimeProvider time)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, AsideFolder)))
        {
            if (File.GetLastWriteTimeUtc(file) < time.GetUtcNow().UtcDateTime - AsideLifetime)
            {
                File.Delete(file);
            }
        }
    }

    private static SafeFileHandle? OpenOrNull(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException e)
        {
            throw new StorageUnavailableException("A blob's file cannot be opened.", e);
        }
    }

    private static ReadOnlyMemory<byte> ReadBytes(SafeFileHandle? file, BlobName name, Entry entry, long offset, int count)
    {
        if (file is null)
        {
            throw new InvalidDataException($"The blob {name} has no file at {entry.Path}; restore the folder from a backup.");
        }

        var bytes = GC.AllocateUninitializedArray<byte>(count);
        var read = 0;
        while (read < count)
        {
            var got = RandomAccess.Read(file, bytes.AsSpan(read), offset + read);
            if (got == 0)
            {
                throw Shortened(name, entry, offset + read);
            }

            read += got;
        }

        return bytes;
    }

    private static InvalidDataException Shortened(BlobName name, Entry entry, long length) =>
        new($"The blob {name} has {entry.Length} bytes committed, but its file {entry.Path} only {length}; restore the folder from a backup.");

    private readonly record struct Entry(string Path, bool IsAppendable, long Length, long Version, long Content, long Appends)
    {
        public BlobVersion BlobVersion => new(Version.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class Work(Kind kind, BlobName name)
    {
        public Kind Kind => kind;

        public BlobName Name => name;

        public ReadOnlyMemory<byte> Content { get; init; }

        public long Position { get; init; }

        public BlobVersion Version { get; init; }

        /// <summary>The file that holds the content of a whole blob, written and flushed.</summary>
        public string Aside { get; set; } = "";

        /// <summary>The path that a blob had before it was replaced or deleted, and the version that did so.</summary>
        public (string Path, long Version) Discarded { get; set; }
    }

    private sealed class Finder(SqliteDatabase database)
    {
        private readonly SqliteStatement find =
            database.Prepare("SELECT path, appendable, length, version, content, appends FROM blob WHERE name = ?1");

        public Entry? Find(BlobName name)
        {
            try
            {
                find.Bind(1, name.ToString());
                return find.Step()
                    ? new Entry(find.Text(0), find.Number(1) == 1, find.Number(2), find.Number(3), find.Number(4), find.Number(5))
                    : null;
            }
            finally
            {
                find.Reset();
            }
        }
    }

    private sealed class Reader(SqliteDatabase database) : IDisposable
    {
        private readonly Finder finder = new(database);

        private readonly SqliteStatement list =
            database.Prepare("SELECT name, length FROM blob WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3");

        public Entry? Find(BlobName name) => finder.Find(name);

        public void List(string from, string end, int count, List<BlobItem> page)
        {
            try
            {
                list.Bind(1, from);
                list.Bind(2, end);
                list.Bind(3, count);
                while (list.Step())
                {
                    page.Add(new BlobItem(new BlobName(list.Text(0)), list.Number(1)));
                }
            }
            finally
            {
                list.Reset();
            }
        }

        public void Dispose() => database.Dispose();
    }

    private sealed class Writes(SqliteDatabase database, BlobPaths paths) : IGroupWrites<Work, Answer>, IDisposable
    {
        // Journals of this process and the sequence: few are appended to at a time.
        private const int MaxOpenFiles = 32;

        private readonly Finder finder = new(database);

        private readonly SqliteStatement insert = database.Prepare(
            "INSERT INTO blob (name, path, appendable, length, version, content, appends) VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0)");

        private readonly SqliteStatement append =
            database.Prepare("UPDATE blob SET length = ?2, version = ?3, appends = appends + 1 WHERE name = ?1");

        private readonly SqliteStatement delete = database.Prepare("DELETE FROM blob WHERE name = ?1");
        private readonly SqliteStatement discard = database.Prepare("INSERT INTO discarded (path, version) VALUES (?1, ?2)");
        private readonly SqliteStatement discarded = database.Prepare("SELECT path FROM discarded");
        private readonly SqliteStatement isDiscarded = database.Prepare("SELECT 1 FROM discarded WHERE path = ?1");
        private readonly SqliteStatement forget = database.Prepare("DELETE FROM discarded WHERE path = ?1 AND version = ?2");
        private readonly SqliteStatement forgetAll = database.Prepare("DELETE FROM discarded");
        private readonly SqliteStatement appendables = database.Prepare("SELECT path, length FROM blob WHERE appendable = 1");

        // By content, so that the file of a blob that was deleted and made anew is not mistaken for the new one.
        private readonly Dictionary<long, SafeFileHandle> open = [];
        private long flushes;

        public Answer TooLate => throw new InvalidOperationException("No blob is written with a time to commit by.");

        public long Flushes => Interlocked.Read(ref flushes);

        public long TornTails { get; private set; }

        public bool IsKept(Answer result) => result == Answer.Done;

        /// <summary>
        /// Cuts torn tails off, and removes files of content that was deleted or that was never committed. SQLite's lock keeps other processes
        /// from changing any blob meanwhile.
        /// </summary>
        public void Recover(string asideFolder)
        {
            database.Execute("BEGIN IMMEDIATE");
            try
            {
                while (appendables.Step())
                {
                    var file = new FileInfo(paths.Full(appendables.Text(0)));
                    if (file.Exists && file.Length > appendables.Number(1))
                    {
                        using var handle = DurableFiles.OpenForAppend(file.FullName, FileMode.Open);
                        RandomAccess.SetLength(handle, appendables.Number(1));
                        TornTails++;
                    }
                }

                appendables.Reset();
                while (discarded.Step())
                {
                    DeleteFile(discarded.Text(0));
                }

                discarded.Reset();
                forgetAll.Run();
                foreach (var note in Directory.EnumerateFiles(asideFolder, "*" + NoteSuffix))
                {
                    TakeBack(note);
                }

                database.Execute("COMMIT");
            }
            catch (IOException e)
            {
                throw new StorageUnavailableException("The blobs' files could not be checked.", e);
            }
        }

        public Answer Apply(Work work, long version)
        {
            try
            {
                return work.Kind switch
                {
                    Kind.Create => Create(work, version),
                    Kind.CreateAppendable => CreateAppendable(work, version),
                    Kind.Append => Append(work, version),
                    Kind.Replace => Replace(work, version),
                    Kind.Delete => Delete(work, version),
                    _ => Settle(work),
                };
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StorageUnavailableException($"The blob {work.Name} could not be written.", e);
            }
        }

        public void Dispose() => CloseAll();

        private Answer Create(Work work, long version)
        {
            if (finder.Find(work.Name) is not null)
            {
                return Answer.Refused;
            }

            var path = paths.Free(work.Name, version, IsDiscarded);
            Place(work, path);
            Insert(work.Name, path, isAppendable: false, work.Content.Length, version);
            return Answer.Done;
        }

        private Answer CreateAppendable(Work work, long version)
        {
            if (finder.Find(work.Name) is not null)
            {
                return Answer.Refused;
            }

            var path = paths.Free(work.Name, version, IsDiscarded);
            DurableFiles.CreateEmpty(paths.Full(path));
            Insert(work.Name, path, isAppendable: true, 0, version);
            return Answer.Done;
        }

        private Answer Append(Work work, long version)
        {
            if (finder.Find(work.Name) is not { IsAppendable: true } entry)
            {
                return Answer.Missing;
            }

            if (entry.Length != work.Position)
            {
                return Answer.Refused;
            }

            if (entry.Appends >= StorageLimits.MaxAppends)
            {
                return Answer.Full;
            }

            var file = Open(entry);
            var length = RandomAccess.GetLength(file);
            if (length < entry.Length)
            {
                throw Shortened(work.Name, entry, length);
            }

            if (length > entry.Length)
            {
                RandomAccess.SetLength(file, entry.Length);
            }

            RandomAccess.Write(file, work.Content.Span, entry.Length);
            RandomAccess.FlushToDisk(file);
            Interlocked.Increment(ref flushes);
            append.Bind(1, work.Name.ToString());
            append.Bind(2, entry.Length + work.Content.Length);
            append.Bind(3, version);
            append.Run();
            return Answer.Done;
        }

        private Answer Replace(Work work, long version)
        {
            if (finder.Find(work.Name) is not { } entry || entry.BlobVersion != work.Version)
            {
                return Answer.Refused;
            }

            Remove(work, entry, version);
            var path = paths.Free(work.Name, version, IsDiscarded);
            Place(work, path);
            Insert(work.Name, path, isAppendable: false, work.Content.Length, version);
            return Answer.Done;
        }

        private Answer Delete(Work work, long version)
        {
            if (finder.Find(work.Name) is not { } entry || entry.BlobVersion != work.Version)
            {
                return Answer.Refused;
            }

            Remove(work, entry, version);
            return Answer.Done;
        }

        private void Place(Work work, string path)
        {
            File.WriteAllText(work.Aside + NoteSuffix, $"{work.Name}\n{path}\n");
            DurableFiles.Move(work.Aside, paths.Full(path));
        }

        private void TakeBack(string note)
        {
            // A note that was not written to its end is of content that was not moved yet.
            if (File.ReadAllText(note).Split('\n') is [var name, var path, ""] && finder.Find(new BlobName(name))?.Path != path)
            {
                File.Delete(paths.Full(path));
            }

            File.Delete(note);
        }

        // Done in a later transaction than the one that discarded: until that is committed the blob may yet be found there.
        private Answer Settle(Work work)
        {
            forget.Bind(1, work.Discarded.Path);
            forget.Bind(2, work.Discarded.Version);
            if (forget.Run() == 1)
            {
                DeleteFile(work.Discarded.Path);
            }

            return Answer.Done;
        }

        // Deleted already where somebody took the whole folder away.
        private void DeleteFile(string path)
        {
            try
            {
                File.Delete(paths.Full(path));
            }
            catch (DirectoryNotFoundException)
            {
            }
        }

        private bool IsDiscarded(string path)
        {
            isDiscarded.Bind(1, path);
            var found = isDiscarded.Step();
            isDiscarded.Reset();
            return found;
        }

        private void Insert(BlobName name, string path, bool isAppendable, long length, long version)
        {
            insert.Bind(1, name.ToString());
            insert.Bind(2, path);
            insert.Bind(3, isAppendable ? 1 : 0);
            insert.Bind(4, length);
            insert.Bind(5, version);
            insert.Run();
        }

        private void Remove(Work work, Entry entry, long version)
        {
            delete.Bind(1, work.Name.ToString());
            delete.Run();
            discard.Bind(1, entry.Path);
            discard.Bind(2, version);
            discard.Run();
            work.Discarded = (entry.Path, version);
            if (open.Remove(entry.Content, out var file))
            {
                file.Dispose();
            }
        }

        private SafeFileHandle Open(Entry entry)
        {
            if (open.TryGetValue(entry.Content, out var file))
            {
                return file;
            }

            if (open.Count == MaxOpenFiles)
            {
                CloseAll();
            }

            file = DurableFiles.OpenForAppend(paths.Full(entry.Path), FileMode.Open);
            open.Add(entry.Content, file);
            return file;
        }

        private void CloseAll()
        {
            foreach (var file in open.Values)
            {
                file.Dispose();
            }

            open.Clear();
        }
    }
}
