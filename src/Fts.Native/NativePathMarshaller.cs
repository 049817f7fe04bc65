using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Fts.Native;

/// <summary>
/// Passes paths to the C library as the bytes that <see cref="EscapedUtf8"/> returns. The marshaller of .NET would replace each escaped
/// byte by U+FFFD, and the call would then use a different path.
/// </summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(ManagedToUnmanagedIn))]
public static unsafe class NativePathMarshaller
{
    /// <summary>Marshals one argument. The generated code calls <see cref="Free"/> after the native call.</summary>
    public ref struct ManagedToUnmanagedIn
    {
        private byte* _value;
        private bool _isAllocated;

        /// <summary>
        /// The size in bytes of the stack buffer that the generated code provides. Most paths fit and need no allocation.
        /// </summary>
        public static int BufferSize => 0x100;

        /// <summary>Converts the path to bytes. Uses the given buffer if the path fits, and otherwise allocates memory.</summary>
        /// <exception cref="ArgumentException">The path contains a lone surrogate that does not represent a byte.</exception>
        public void FromManaged(string managed, Span<byte> buffer)
        {
            // A UTF-16 code unit becomes at most three bytes in UTF-8. If the buffer is long enough for this maximum and a NUL, the bytes
            // are not counted.
            if ((3L * managed.Length) + 1 > buffer.Length && EscapedUtf8.GetByteCount(managed) + 1 is var count && count > buffer.Length)
            {
                buffer = new Span<byte>(NativeMemory.Alloc((nuint)count), count);
                _isAllocated = true;
            }

            _value = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer));
            buffer[EscapedUtf8.GetBytes(managed, buffer)] = 0;
        }

        /// <summary>Returns the address of the bytes, which end with a NUL.</summary>
        public readonly byte* ToUnmanaged() => _value;

        /// <summary>Frees the memory of a path that did not fit into the buffer.</summary>
        public readonly void Free()
        {
            if (_isAllocated)
            {
                NativeMemory.Free(_value);
            }
        }
    }
}
