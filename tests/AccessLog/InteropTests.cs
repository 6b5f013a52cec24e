using System.Text;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Bench;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>Checkpoint, tiles and proofs, read by <see cref="Reference"/>.</summary>
public sealed class InteropTests
{
    [Fact]
    public void The_reference_verifies_the_signatures_of_RFC_8032()
    {
        // Section 7.1, TEST 2.
        var key = Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        var signature = Convert.FromHexString("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
        Assert.True(Reference.Ed25519.Verify(key, [0x72], signature));
        Assert.False(Reference.Ed25519.Verify(key, [0x73], signature));
        signature[40] ^= 1;
        Assert.False(Reference.Ed25519.Verify(key, [0x72], signature));
    }

    [Fact]
    public void A_note_of_another_signer_is_read()
    {
        // The example of tlog-checkpoint, whose key is not told: its form alone.
        const string Note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
        Assert.True(Checkpoint.TryRead(Note, out var checkpoint));
        Assert.Equal(("example.com/behind-the-sofa", 20852163L), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal([Note, Note], Checkpoint.Split(Note + Note));
    }

    [Fact]
    public async Task A_stranger_reads_checkpoint_key_and_tiles_over_HTTP_and_finds_the_root_that_is_signed()
    {
        await using var service = await TestService.StartAsync();
        var log = service.Service.Log;
        var events = new LogEvents(7, 20);
        Assert.Equal(404, (await service.GetAsync("/log/checkpoint")).StatusCode);
        Reference.Head? before = null;
        List<byte[]> earlier = [];
        foreach (var count in new[] { 0, 1, 254, 1, 1, 300, 513 })
        {
            foreach (var together in Enumerable.Range(0, count).Select(_ => events.Next(service.Clock.GetUtcNow().UtcDateTime)).Chunk(50))
            {
                await log.Journal.AppendAsync(together, default);
            }

            await log.Sequencer.RunAsync(everything: false, default);
            var key = (await service.GetAsync("/log/key", ("Accept", "text/plain"))).Text;
            var answer = await service.GetAsync("/log/checkpoint", ("Accept", "text/plain"));
            Assert.Equal("text/plain; charset=utf-8", answer.Header("Content-Type"));
            var head = Reference.Open(answer.Text, key);
            var leaves = await Reference.LeavesAsync(head.Size, async path =>
            {
                using var response = await service.Client.GetAsync($"log/{path}");
                Assert.True(response.IsSuccessStatusCode, path);
                Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
                return await response.Content.ReadAsByteArrayAsync();
            });
            Assert.Equal(head.Size, leaves.Count);
            Assert.Equal(head.Root, Reference.Root(leaves));
            Assert.Equal(earlier, leaves.Take(earlier.Count));
            (before, earlier) = (head, leaves);
        }

        Assert.Equal(1070, before!.Size);

        // The leaves are hashes of what the journals hold, with nothing of it in clear.
        var entry = new LeafEntry(1, null);
        await foreach (var (index, line) in log.Reader.ReadLinesAsync(0, 1, default))
        {
            Assert.True(EventLine.TryPlace(line.Line.Span, out var patient, out _));
            entry = patient is null ? LeafEntry.OfNobody : entry;
            Assert.Equal(Reference.Leaf([.. Encoding.ASCII.GetBytes(patient is null ? "pmd-event/1 0 -\n" : "pmd-event/1 1 -\n"), .. line.Line.ToArray()]), earlier[(int)index]);
        }
    }

    [Theory]
    [InlineData("tile/0/004.p/47")]
    [InlineData("tile/0/005")]
    [InlineData("tile/1/000")]
    [InlineData("tile/1/000.p/5")]
    [InlineData("tile/2/000.p/1")]
    [InlineData("tile/63/000.p/1")]
    [InlineData("tile/entries/000")]
    [InlineData("tile/0/../../keys/log")]
    [InlineData("tile/")]
    public async Task What_no_checkpoint_covers_is_not_there(string path)
    {
        await using var service = await TestService.StartAsync();
        var events = new LogEvents(7, 20);
        await service.Service.Log.Journal.AppendAsync([.. Enumerable.Range(0, 1070).Select(_ => events.Next(service.Clock.GetUtcNow().UtcDateTime))], default);
        await service.Service.Log.Sequencer.RunAsync(everything: false, default);
        Assert.Equal(200, (await service.GetAsync("/log/tile/0/004.p/46")).StatusCode);
        Assert.Equal(200, (await service.GetAsync("/log/tile/0/003.p/46")).StatusCode);
        Assert.Equal(404, (await service.GetAsync($"/log/{path}")).StatusCode);
    }

    [Fact]
    public async Task Proofs_are_those_of_the_specification_between_all_sizes()
    {
        List<byte[]> leaves = [.. Enumerable.Range(0, 70).Select(i => Reference.Leaf([(byte)i]))];
        var edges = leaves.Select((_, i) => i + 1).Append(0).ToDictionary(n => n, n => Edge(leaves.Take(n)));
        for (var size = 1; size <= 70; size++)
        {
            var tree = new TreeReader(new NoBlobs(), edges[size]);
            var root = Reference.Root([.. leaves.Take(size)]);
            Assert.Equal(root, await tree.RootAsync(size, default));
            for (var index = 0; index < size; index++)
            {
                var path = await tree.InclusionAsync(index, size, default);
                Assert.Equal(Reference.Path(index, leaves, 0, size), path);
                Assert.True(Reference.Includes(index, size, leaves[index], path, root));
                Assert.False(Reference.Includes(index, size, leaves[(index + 1) % 70], path, root));
            }

            for (var older = 1; older <= size; older++)
            {
                Assert.Equal(Reference.Consistency(older, [.. leaves.Take(size)]), await tree.ConsistencyAsync(older, size, default));
                Assert.Equal(Reference.Root([.. leaves.Take(older)]), await tree.RootAsync(older, default));
            }
        }
    }

    [Fact]
    public async Task Proofs_go_across_tiles()
    {
        await using var log = await TestLog.OpenAsync();
        var edge = new TreeEdge();
        List<byte[]> leaves = [];
        for (var i = 0; i < 66_000; i++)
        {
            leaves.Add(Reference.Leaf(BitConverter.GetBytes(i)));
            List<(Tile Tile, byte[] Hashes)> full = [];
            edge.Add(leaves[^1], (tile, hashes) => full.Add((tile, hashes)));
            foreach (var (tile, hashes) in full)
            {
                await log.Blobs.CreateAsync(tile.Blob, hashes, default);
            }
        }

        var tree = new TreeReader(log.Blobs, edge);
        foreach (var (index, size) in new[] { (0, 66_000), (65_999, 66_000), (65_535, 66_000), (65_536, 65_537), (300, 512), (511, 60_000) })
        {
            Assert.Equal(Reference.Path(index, leaves, 0, size), await tree.InclusionAsync(index, size, default));
            Assert.Equal(Reference.Consistency(index + 1, [.. leaves.Take(size)]), await tree.ConsistencyAsync(index + 1, size, default));
        }

        Assert.Equal(edge.Root(), await tree.RootAsync(66_000, default));
    }

    [Fact]
    public async Task A_new_key_signs_and_the_old_ones_signatures_are_still_known()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        await log.AppendAsync(journal, 5);
        await log.Sequencer().RunAsync(everything: false, default);
        var store = new CheckpointStore(log.Blobs, log.Partitions);
        var old = await store.NewestAsync(default);
        var first = Assert.Single(await LogKeys.ReadVerifiersAsync(log.Blobs, default)).ToString();
        var second = (await log.Keys.RotateAsync(default)).ToString();
        await log.AppendAsync(journal, 5);
        await log.Sequencer().RunAsync(everything: false, default);
        Assert.Equal([second, first], (await LogKeys.ReadVerifiersAsync(log.Blobs, default)).Select(k => k.ToString()));
        Assert.Equal(5, Reference.Open(old!, first).Size);
        Assert.Equal(10, Reference.Open((await store.NewestAsync(default))!, second).Size);
    }

    [Fact]
    public void A_signing_key_is_read_back_and_no_other_text_is_one()
    {
        using var signer = LogSigner.Generate("maledata.test/log");
        using var again = LogSigner.Parse(signer.Format() + "\n");
        Assert.Equal(signer.Verifier.ToString(), again.Verifier.ToString());
        Assert.True(LogVerifierKey.TryParse(signer.Verifier.ToString(), out var verifier));
        Assert.True(verifier.Verifies("x"u8, signer.Sign("x"u8)));
        Assert.False(verifier.Verifies("y"u8, signer.Sign("x"u8)));
        foreach (var text in new[] { "", "PRIVATE+KEY+", signer.Verifier.ToString(), signer.Format()[..^4], signer.Format().Replace("maledata", "measured", StringComparison.Ordinal) })
        {
            Assert.DoesNotContain("PRIVATE+KEY+maledata", Assert.Throws<FormatException>(() => LogSigner.Parse(text)).Message);
        }

        Assert.Throws<ArgumentException>(() => LogSigner.Generate("with space").Verifier);
        Assert.Throws<ArgumentException>(() => LogSigner.Generate("with+plus").Verifier);
    }

    private static TreeEdge Edge(IEnumerable<byte[]> leaves)
    {
        var edge = new TreeEdge();
        foreach (var leaf in leaves)
        {
            edge.Add(leaf, (_, _) => throw new InvalidOperationException());
        }

        return edge;
    }

    private sealed class NoBlobs : IBlobs
    {
        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
