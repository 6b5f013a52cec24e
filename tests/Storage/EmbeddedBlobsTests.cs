using Microsoft.Data.Sqlite;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;

namespace PasientensMaledata.Tests.Storage;

public sealed class EmbeddedBlobsTests : BlobsContract, IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private EmbeddedStorage storage;

    public EmbeddedBlobsTests() => storage = Open();

    protected override IBlobs Blobs => storage.Blobs;

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_blob_lies_as_a_file_at_its_name()
    {
        await Blobs.CreateAsync(Name("a/b.json"), Text("whole"), Cancel);
        await Blobs.CreateAppendableAsync(Name("a/c.ndjson"), Cancel);
        await AppendAsync(Name("a/c.ndjson"), 0, "one,");
        await AppendAsync(Name("a/c.ndjson"), 4, "two");
        Assert.Equal("whole", await File.ReadAllTextAsync(FilePath(Name("a/b.json")), Cancel));
        Assert.Equal("one,two", await File.ReadAllTextAsync(FilePath(Name("a/c.ndjson")), Cancel));
    }

    [Fact]
    public async Task A_torn_tail_is_not_read_and_is_overwritten()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "whole;");
        await File.AppendAllTextAsync(FilePath(Name("a")), "torn, and longer than what follows", Cancel);
        Assert.Equal("whole;", await ReadAsync(Name("a")));
        Assert.Equal("", await ReadAsync(Name("a"), 6));

        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 6, "next;"));
        Assert.Equal("whole;next;", await File.ReadAllTextAsync(FilePath(Name("a")), Cancel));
    }

    [Fact]
    public async Task A_torn_tail_is_cut_off_at_opening()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "whole;");
        await storage.DisposeAsync();
        await File.AppendAllTextAsync(FilePath(Name("a")), "torn", Cancel);
        storage = Open();
        Assert.Equal(1, storage.TornTails);
        Assert.Equal("whole;", await File.ReadAllTextAsync(FilePath(Name("a")), Cancel));
    }

    [Fact]
    public async Task A_file_that_lost_committed_bytes_is_said_to_be_damaged()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "whole;");
        await File.WriteAllTextAsync(FilePath(Name("a")), "who", Cancel);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(Name("a")));
        await Assert.ThrowsAsync<InvalidDataException>(() => AppendAsync(Name("a"), 6, "x"));
        File.Delete(FilePath(Name("a")));
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(Name("a")));
    }

    [Fact]
    public async Task What_a_killed_creation_left_is_no_blob()
    {
        // A process killed after it moved the file and before it committed leaves just this.
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath(Name("a")))!);
        await File.WriteAllTextAsync(FilePath(Name("a")), "left, and long", Cancel);
        Assert.Null(await ReadAsync(Name("a")));
        Assert.Empty(await ListAsync(Folder + "/"));
        Assert.True(await Blobs.CreateAppendableAsync(Name("a"), Cancel));
        await AppendAsync(Name("a"), 0, "new");
        Assert.Equal("new", await File.ReadAllTextAsync(FilePath(Name("a")), Cancel));
    }

    [Fact]
    public async Task Content_that_was_named_and_never_committed_is_removed_at_opening()
    {
        await Blobs.CreateAsync(Name("a"), Text("one"), Cancel);
        await storage.DisposeAsync();
        await File.WriteAllTextAsync(FilePath(Name("a")) + "~7", "never committed", Cancel);
        await File.WriteAllTextAsync(FilePath(Name("b")), "never committed", Cancel);
        var aside = Path.Combine(folder.Path, "blobs", ".aside");
        await File.WriteAllTextAsync(Path.Combine(aside, "1.to"), $"{Name("a")}\n{Folder}/a~7\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(aside, "2.to"), $"{Name("b")}\n{Folder}/b\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(aside, "3.to"), $"{Name("a")}\n{Folder}/a\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(aside, "4.to"), $"{Name("ab")}\n{Folder}/a", Cancel);
        storage = Open();
        Assert.Equal("one", await File.ReadAllTextAsync(Assert.Single(Files()), Cancel));
        Assert.Equal("one", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task What_is_replaced_or_deleted_leaves_no_file()
    {
        await Blobs.CreateAsync(Name("a"), Text("one"), Cancel);
        for (var i = 0; i < 3; i++)
        {
            await Blobs.ReplaceAsync(Name("a"), await VersionAsync(Name("a")), Text($"content {i}"), Cancel);
            Assert.Equal($"content {i}", await File.ReadAllTextAsync(Assert.Single(Files()), Cancel));
        }

        await Blobs.DeleteAsync(Name("a"), await VersionAsync(Name("a")), Cancel);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task What_a_killed_process_discarded_is_removed_at_opening()
    {
        await Blobs.CreateAsync(Name("a"), Text("one"), Cancel);
        await storage.DisposeAsync();
        Execute($"INSERT INTO discarded SELECT path, version FROM blob; DELETE FROM blob");
        storage = Open();
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Blobs_and_versions_are_there_after_closing_and_opening_again()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "one,");
        var version = await VersionAsync(Name("a"));
        await storage.DisposeAsync();
        storage = Open();
        Assert.Equal(version, await VersionAsync(Name("a")));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 4, "two"));
        Assert.NotEqual(version, await VersionAsync(Name("a")));
    }

    [Fact]
    public async Task Two_openings_of_one_folder_agree_on_who_appended()
    {
        await using var other = Open();
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        var expected = "";
        for (var round = 0; round < 20; round++)
        {
            var position = expected.Length;
            var outcomes = await Task.WhenAll(
                Blobs.AppendAsync(Name("a"), position, Text("mine;"), Cancel).AsTask(),
                other.Blobs.AppendAsync(Name("a"), position, Text("theirs;"), Cancel).AsTask());
            Assert.Single(outcomes, AppendOutcome.Appended);
            expected += outcomes[0] == AppendOutcome.Appended ? "mine;" : "theirs;";
        }

        Assert.Equal(expected, await ReadAsync(Name("a")));
        Assert.Equal(expected, await File.ReadAllTextAsync(FilePath(Name("a")), Cancel));
    }

    [Fact]
    public async Task A_blob_made_anew_by_another_is_the_one_appended_to()
    {
        await using var other = Open();
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "old");
        await other.Blobs.DeleteAsync(Name("a"), await VersionAsync(Name("a")), Cancel);
        await other.Blobs.CreateAppendableAsync(Name("a"), Cancel);
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 0, "new!"));
        Assert.Equal("new!", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task A_blob_takes_50000_appends()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        Execute($"UPDATE blob SET appends = {StorageLimits.MaxAppends - 1}");
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 0, "last"));
        Assert.Equal(AppendOutcome.WrongPosition, await AppendAsync(Name("a"), 0, "x"));
        await Assert.ThrowsAsync<ArgumentException>(() => AppendAsync(Name("a"), 4, "x"));
    }

    [Fact]
    public async Task A_list_of_more_than_a_page_is_whole()
    {
        for (var i = 0; i < 1_001; i++)
        {
            await Blobs.CreateAppendableAsync(Name($"a{i:d4}"), Cancel);
        }

        Assert.Equal(Enumerable.Range(0, 1_001).Select(i => $"{Folder}/a{i:d4}"), await ListAsync(Folder + "/"));
    }

    private EmbeddedStorage Open() => EmbeddedStorage.Open(folder.Path, TimeProvider.System);

    private string FilePath(BlobName name) => Path.Combine(folder.Path, "blobs", name.ToString());

    private string[] Files() => Directory.GetFiles(Path.Combine(folder.Path, "blobs"), "*", SearchOption.AllDirectories);

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "blobs.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements stand in this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
