namespace Fts.Bench.Load;

/// <summary>What is uploaded: 4 MiB of noise, in memory and as a file of memory that can be sent without a copy on this side. Lives as long as the program.</summary>
internal sealed unsafe class Payload
{
    public Payload()
    {
        Bytes = new byte[4 << 20];
        new Random(1).NextBytes(Bytes);
        File = Kernel.MemoryFile("fts-bench", 0);
        fixed (byte* start = Bytes)
        {
            if (File < 0 || Kernel.Write(File, start, Bytes.Length) != Bytes.Length)
            {
                throw new LoadException("no memory for the upload's bytes");
            }
        }
    }

    public byte[] Bytes { get; }

    public int File { get; }
}
