using System.Security.Cryptography;
using System.Text;
using CsCheck;
using K4os.Compression.LZ4;
using PasientensMaledata.Bench;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tests.Observations.Rows;

public sealed class CompressorTests
{
    // What repeats itself, what the vocabulary has, and what is neither, of lengths about every limit of the format.
    private static readonly Gen<byte[]> Content =
        Gen.OneOf(
            Gen.Byte.Array[0, 40],
            Gen.Byte.Array[1, 8].Select(Gen.Int[1, 700], (unit, times) => Enumerable.Repeat(unit, times).SelectMany(b => b).ToArray()),
            Gen.Int[0, Vocabulary.Text.Length - 1].Select(Gen.Int[1, 600], (from, length) => Vocabulary.Text[from..Math.Min(Vocabulary.Text.Length, from + length)].ToArray()))
        .Array[1, 12].Select(parts => parts.SelectMany(p => p).Append((byte)0).ToArray());

    [Fact]
    public void The_library_reads_what_was_compressed_whatever_came_before() =>
        Content.Array[1, 4].Sample(contents =>
        {
            foreach (var content in contents)
            {
                Assert.Equal(content, ThereAndBack(content, out _));
            }
        });

    [Theory]
    [InlineData(100_000, false)]
    [InlineData(262_144, false)]
    [InlineData(262_144, true)]
    public void Large_content_is_compressed_as_well(int size, bool isRandom)
    {
        var content = new byte[size];
        if (isRandom)
        {
            new Random(5).NextBytes(content);
        }

        Assert.Equal(content, ThereAndBack(content, out var compressed));
        Assert.InRange(compressed, 1, isRandom ? Compressor.MaxCompressed(size) : size / 200);
        Assert.Equal("{}"u8.ToArray(), ThereAndBack("{}"u8.ToArray(), out _));
    }

    [Fact]
    public void An_Observation_takes_little_more_than_half_of_what_it_takes_without_the_vocabulary()
    {
        var observations = new Simulation(new(20, 30, 3, new DateOnly(2026, 1, 1), null, FaultRates.None)).Messages()
            .SelectMany(m => FirelyParse.Split(m.Body)).Take(300).Select(o => o.ToArray()).ToList();
        var plain = new byte[4096];
        var with = 0;
        foreach (var observation in observations)
        {
            Assert.Equal(observation, ThereAndBack(observation, out var compressed));
            with += compressed;
        }

        Assert.InRange(with / (double)observations.Sum(o => LZ4Codec.Encode(o, plain)), 0.2, 0.65);
    }

    [Fact]
    public void The_vocabulary_is_the_one_that_rows_were_written_with() =>
        Assert.Equal("8642367ba1d25b16dec19b876d01106d0878099b805ecd07b29da1bba42ac1eb", Convert.ToHexStringLower(SHA256.HashData(Vocabulary.Text)));

    [Fact]
    public void Damaged_bytes_are_a_fault_and_never_another_Observation()
    {
        var content = Encoding.UTF8.GetBytes("""{"resourceType":"Observation","status":"final"}""");
        var room = Compressor.Mine.Begin(content.Length);
        content.CopyTo(room);
        var compressed = new byte[Compressor.MaxCompressed(content.Length)];
        var length = Compressor.Mine.Compress(compressed);
        Assert.Throws<CryptographicException>(() => Compressor.Decompress(compressed.AsSpan(0, length - 1), new byte[content.Length]));
    }

    private static byte[] ThereAndBack(byte[] content, out int compressedLength)
    {
        content.CopyTo(Compressor.Mine.Begin(content.Length));
        var compressed = new byte[Compressor.MaxCompressed(content.Length)];
        compressedLength = Compressor.Mine.Compress(compressed);
        var back = new byte[content.Length];
        Compressor.Decompress(compressed.AsSpan(0, compressedLength), back);
        return back;
    }
}
