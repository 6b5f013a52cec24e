using System.Text;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Storage;

/// <summary>What every adapter of <see cref="IBlobs"/> promises. Each test works under names of its own.</summary>
public abstract class BlobsContract
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract IBlobs Blobs { get; }

    protected string Folder { get; } = $"test/{Guid.NewGuid():n}";

    protected static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    protected BlobName Name(string name) => new($"{Folder}/{name}");

    protected async Task<AppendOutcome> AppendAsync(BlobName name, long position, string text) =>
        await Blobs.AppendAsync(name, position, Text(text), Cancel);

    protected async Task<string?> ReadAsync(BlobName name, long offset = 0, int maxBytes = 1_000_000) =>
        await Blobs.ReadAsync(name, offset, maxBytes, Cancel) is { } range ? Encoding.ASCII.GetString(range.Content.Span) : null;

    protected async Task<BlobVersion> VersionAsync(BlobName name) => Assert.NotNull(await Blobs.ReadAsync(name, 0, 1, Cancel)).Version;

    protected async Task<List<string>> ListAsync(string prefix)
    {
        List<string> names = [];
        await foreach (var item in Blobs.ListAsync(prefix, Cancel))
        {
            names.Add(item.Name.ToString());
        }

        return names;
    }

    [Fact]
    public async Task A_blob_that_was_never_written_is_absent()
    {
        Assert.Null(await ReadAsync(Name("a")));
        Assert.Equal(AppendOutcome.Missing, await AppendAsync(Name("a"), 0, "x"));
        Assert.False(await Blobs.ReplaceAsync(Name("a"), new BlobVersion("1"), Text("x"), Cancel));
        Assert.False(await Blobs.DeleteAsync(Name("a"), new BlobVersion("1"), Cancel));
        Assert.Null(await ReadAsync(new BlobName($"never-{Guid.NewGuid():n}/a")));
        Assert.Empty(await ListAsync($"never-{Guid.NewGuid():n}/"));
    }

    [Fact]
    public async Task A_whole_blob_is_read_as_it_was_created()
    {
        var content = new byte[300_000];
        new Random(3).NextBytes(content);
        Assert.True(await Blobs.CreateAsync(Name("a"), content, Cancel));
        var range = Assert.NotNull(await Blobs.ReadAsync(Name("a"), 0, 1_000_000, Cancel));
        Assert.True(range.Content.Span.SequenceEqual(content));
        Assert.Equal(300_000, range.Length);
    }

    [Fact]
    public async Task An_empty_blob_is_there_and_has_no_bytes()
    {
        Assert.True(await Blobs.CreateAsync(Name("whole"), default, Cancel));
        Assert.True(await Blobs.CreateAppendableAsync(Name("appendable"), Cancel));
        Assert.Equal("", await ReadAsync(Name("whole")));
        Assert.Equal("", await ReadAsync(Name("appendable")));
    }

    [Fact]
    public async Task A_taken_name_is_not_created_again()
    {
        Assert.True(await Blobs.CreateAsync(Name("a"), Text("first"), Cancel));
        Assert.False(await Blobs.CreateAsync(Name("a"), Text("second"), Cancel));
        Assert.False(await Blobs.CreateAppendableAsync(Name("a"), Cancel));
        Assert.Equal("first", await ReadAsync(Name("a")));

        Assert.True(await Blobs.CreateAppendableAsync(Name("b"), Cancel));
        await AppendAsync(Name("b"), 0, "kept");
        Assert.False(await Blobs.CreateAppendableAsync(Name("b"), Cancel));
        Assert.False(await Blobs.CreateAsync(Name("b"), Text("second"), Cancel));
        Assert.Equal("kept", await ReadAsync(Name("b")));
    }

    [Fact]
    public async Task Of_many_creations_of_one_name_exactly_one_is_done()
    {
        var whole = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Blobs.CreateAsync(Name("a"), Text($"from {i}"), Cancel).AsTask()));
        Assert.Equal($"from {Array.IndexOf(whole, true)}", await ReadAsync(Name("a")));
        Assert.Single(whole, true);
    }

    [Fact]
    public virtual async Task Of_many_creations_of_one_appendable_name_exactly_one_is_done()
    {
        var appendable = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Blobs.CreateAppendableAsync(Name("b"), Cancel).AsTask()));
        Assert.Single(appendable, true);
    }

    [Fact]
    public async Task Appends_lie_in_order_at_their_positions()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 0, "one "));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 4, "two "));
        Assert.Equal("one two ", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task An_append_at_another_position_is_answered_and_writes_nothing()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "one");
        foreach (var position in new[] { 0, 2, 4, 1_000_000 })
        {
            Assert.Equal(AppendOutcome.WrongPosition, await AppendAsync(Name("a"), position, "x"));
        }

        Assert.Equal("one", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task Of_many_appends_at_one_position_exactly_one_is_done()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        var expected = "";
        for (var round = 0; round < 5; round++)
        {
            var position = expected.Length;
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => AppendAsync(Name("a"), position, $"<{round}.{i}>")));
            Assert.Equal(7, outcomes.Count(o => o == AppendOutcome.WrongPosition));
            expected += $"<{round}.{Array.IndexOf(outcomes, AppendOutcome.Appended)}>";
        }

        Assert.Equal(expected, await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task A_whole_blob_is_not_appended_to()
    {
        await Blobs.CreateAsync(Name("a"), Text("whole"), Cancel);
        Assert.Equal(AppendOutcome.Missing, await AppendAsync(Name("a"), 5, "x"));
        Assert.Equal("whole", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task An_append_has_1_byte_to_4_MiB()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.AppendAsync(Name("a"), 0, default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.AppendAsync(Name("a"), 0, new byte[StorageLimits.MaxAppendBytes + 1], Cancel));
        Assert.Equal(AppendOutcome.Appended, await Blobs.AppendAsync(Name("a"), 0, new byte[StorageLimits.MaxAppendBytes], Cancel));
        Assert.Equal(StorageLimits.MaxAppendBytes, Assert.NotNull(await Blobs.ReadAsync(Name("a"), 0, 1, Cancel)).Length);
    }

    [Fact]
    public async Task Ranges_are_read_before_at_and_past_the_end()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await AppendAsync(Name("a"), 0, "01234");
        await AppendAsync(Name("a"), 5, "56789");
        await Blobs.CreateAsync(Name("b"), Text("0123456789"), Cancel);
        foreach (var name in new[] { Name("a"), Name("b") })
        {
            Assert.Equal("345678", await ReadAsync(name, 3, 6));
            Assert.Equal("89", await ReadAsync(name, 8, 6));
            Assert.Equal("9", await ReadAsync(name, 9, 1));
            foreach (var offset in new[] { 10, 11, 5_000 })
            {
                var range = Assert.NotNull(await Blobs.ReadAsync(name, offset, 6, Cancel));
                Assert.Equal(0, range.Content.Length);
                Assert.Equal(10, range.Length);
                Assert.Equal(await VersionAsync(name), range.Version);
            }
        }
    }

    [Fact]
    public async Task A_read_asks_for_1_byte_to_64_MiB_from_a_true_offset()
    {
        await Blobs.CreateAsync(Name("a"), Text("x"), Cancel);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ReadAsync(Name("a"), 0, 0));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ReadAsync(Name("a"), 0, StorageLimits.MaxBlobBytes + 1));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ReadAsync(Name("a"), -1, 1));
        Assert.Equal("x", await ReadAsync(Name("a"), 0, StorageLimits.MaxBlobBytes));
    }

    [Fact]
    public async Task A_whole_blob_has_at_most_64_MiB()
    {
        var content = new byte[StorageLimits.MaxBlobBytes + 1];
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.CreateAsync(Name("a"), content, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.ReplaceAsync(Name("a"), new BlobVersion("1"), content, Cancel));
        Assert.True(await Blobs.CreateAsync(Name("a"), content.AsMemory(1), Cancel));
        Assert.Equal(StorageLimits.MaxBlobBytes, Assert.NotNull(await Blobs.ReadAsync(Name("a"), 0, 1, Cancel)).Length);
    }

    [Fact]
    public async Task A_version_changes_with_every_change()
    {
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        HashSet<BlobVersion> seen = [await VersionAsync(Name("a"))];
        await AppendAsync(Name("a"), 0, "x");
        Assert.True(seen.Add(await VersionAsync(Name("a"))));

        await Blobs.CreateAsync(Name("b"), Text("x"), Cancel);
        seen = [await VersionAsync(Name("b"))];
        await Blobs.ReplaceAsync(Name("b"), await VersionAsync(Name("b")), Text("x"), Cancel);
        Assert.True(seen.Add(await VersionAsync(Name("b"))));
        await Blobs.DeleteAsync(Name("b"), await VersionAsync(Name("b")), Cancel);
        await Blobs.CreateAsync(Name("b"), Text("x"), Cancel);
        Assert.True(seen.Add(await VersionAsync(Name("b"))));
    }

    [Fact]
    public async Task A_blob_is_replaced_only_at_its_version()
    {
        await Blobs.CreateAsync(Name("a"), Text("first content"), Cancel);
        var first = await VersionAsync(Name("a"));
        Assert.True(await Blobs.ReplaceAsync(Name("a"), first, Text("second"), Cancel));
        Assert.False(await Blobs.ReplaceAsync(Name("a"), first, Text("third"), Cancel));
        Assert.Equal("second", await ReadAsync(Name("a")));
        Assert.True(await Blobs.ReplaceAsync(Name("a"), await VersionAsync(Name("a")), Text("fourth"), Cancel));
        Assert.Equal("fourth", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task Of_many_replacements_of_one_version_exactly_one_is_done()
    {
        await Blobs.CreateAsync(Name("a"), Text("first"), Cancel);
        var version = await VersionAsync(Name("a"));
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Blobs.ReplaceAsync(Name("a"), version, Text($"from {i}"), Cancel).AsTask()));
        Assert.Single(done, true);
        Assert.Equal($"from {Array.IndexOf(done, true)}", await ReadAsync(Name("a")));
    }

    [Fact]
    public async Task A_blob_that_is_replaced_is_read_as_it_was_or_as_it_is()
    {
        await Blobs.CreateAsync(Name("a"), Text(new string('0', 1000)), Cancel);
        var replacing = Task.Run(
            async () =>
            {
                for (var i = 1; i < 30; i++)
                {
                    var content = Text(new string((char)('0' + (i % 10)), 1000 + i));
                    Assert.True(await Blobs.ReplaceAsync(Name("a"), await VersionAsync(Name("a")), content, Cancel));
                }
            },
            Cancel);
        do
        {
            var range = Assert.NotNull(await Blobs.ReadAsync(Name("a"), 0, 5000, Cancel));
            Assert.Equal(range.Length, range.Content.Length);
            var i = (int)range.Length - 1000;
            Assert.True(range.Content.Span.IndexOfAnyExcept((byte)('0' + (i % 10))) < 0, "Two contents in one read.");
        }
        while (!replacing.IsCompleted);
        await replacing;
    }

    [Fact]
    public async Task A_blob_is_deleted_only_at_its_version_and_its_name_is_free_again()
    {
        await Blobs.CreateAsync(Name("a"), Text("first"), Cancel);
        var first = await VersionAsync(Name("a"));
        await Blobs.ReplaceAsync(Name("a"), first, Text("second"), Cancel);
        Assert.False(await Blobs.DeleteAsync(Name("a"), first, Cancel));
        Assert.True(await Blobs.DeleteAsync(Name("a"), await VersionAsync(Name("a")), Cancel));
        Assert.Null(await ReadAsync(Name("a")));
        Assert.Empty(await ListAsync(Folder + "/"));
        Assert.True(await Blobs.CreateAppendableAsync(Name("a"), Cancel));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Name("a"), 0, "third"));
        Assert.Equal("third", await ReadAsync(Name("a")));
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("sequence")]
    [InlineData("tile")]
    [InlineData("checkpoint")]
    public async Task What_the_log_rests_on_is_never_replaced_or_deleted(string folder)
    {
        var name = new BlobName($"{folder}/{Guid.NewGuid():n}");
        Assert.True(await Blobs.CreateAsync(name, Text("kept"), Cancel));
        var version = await VersionAsync(name);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Blobs.ReplaceAsync(name, version, Text("x"), Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Blobs.DeleteAsync(name, version, Cancel));
        Assert.Equal("kept", await ReadAsync(name));
    }

    [Fact]
    public async Task A_name_may_go_on_where_another_ends()
    {
        Assert.True(await Blobs.CreateAsync(Name("a/b"), Text("short"), Cancel));
        Assert.True(await Blobs.CreateAsync(Name("a/b/c"), Text("long"), Cancel));
        Assert.True(await Blobs.CreateAppendableAsync(Name("x/y/z"), Cancel));
        Assert.True(await Blobs.CreateAppendableAsync(Name("x/y"), Cancel));
        await AppendAsync(Name("x/y"), 0, "y");
        await AppendAsync(Name("x/y/z"), 0, "z");
        Assert.Equal(["short", "long", "y", "z"], new[] { await ReadAsync(Name("a/b")), await ReadAsync(Name("a/b/c")), await ReadAsync(Name("x/y")), await ReadAsync(Name("x/y/z")) });
        Assert.Equal([$"{Folder}/a/b", $"{Folder}/a/b/c", $"{Folder}/x/y", $"{Folder}/x/y/z"], await ListAsync(Folder + "/"));
    }

    [Fact]
    public async Task A_list_has_what_starts_with_the_prefix_in_ordinal_order_with_lengths()
    {
        string[] names = ["a", "a-b", "a.b", "a/b", "a/b-c", "a/b.c", "a0", "a_", "ab", "b"];
        foreach (var name in names.Reverse())
        {
            await Blobs.CreateAsync(Name(name), Text(name), Cancel);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal).Select(n => $"{Folder}/{n}"), await ListAsync(Folder + "/"));
        Assert.Equal(["a/b", "a/b-c", "a/b.c"], (await ListAsync(Folder + "/a/")).Select(n => n[(Folder.Length + 1)..]));
        Assert.Equal(["a/b-c"], (await ListAsync(Folder + "/a/b-")).Select(n => n[(Folder.Length + 1)..]));
        Assert.Empty(await ListAsync(Folder + "/c"));
        await foreach (var item in Blobs.ListAsync(Folder + "/", Cancel))
        {
            Assert.Equal(item.Name.ToString().Length - Folder.Length - 1, item.Length);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("test")]
    [InlineData("/a")]
    [InlineData("test/A")]
    public async Task A_list_is_of_one_first_segment(string prefix) => await Assert.ThrowsAnyAsync<ArgumentException>(() => ListAsync(prefix));

    [Fact]
    public async Task What_is_cancelled_beforehand_is_not_done()
    {
        var cancelled = new CancellationToken(true);
        await Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Blobs.CreateAsync(Name("b"), Text("x"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Blobs.CreateAppendableAsync(Name("b"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Blobs.AppendAsync(Name("a"), 0, Text("x"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Blobs.ReadAsync(Name("a"), 0, 1, cancelled));
        Assert.Equal("", await ReadAsync(Name("a")));
        Assert.Null(await ReadAsync(Name("b")));
    }
}
