namespace Fts.Bench.Load;

/// <summary>
/// The content of uploads: 4 MiB of random bytes, in memory and in a memory file for sendfile. It exists until the program ends.
/// </summary>
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
                throw new MeasurementException("cannot create the memory file for uploads");
            }
        }
    }

    public byte[] Bytes { get; }

    public int File { get; }
}
