"""Calls of kernels and arrays at addresses, for the compiled loop."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _call(typing_context, address, workspace):
    """Call a kernel at an address on a workspace given as an array."""

    def generate(context, builder, signature, arguments):
        pointer, array = arguments
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
        function = builder.inttoptr(pointer, kind.as_pointer())
        data = context.make_array(signature.args[1])(context, builder, array).data
        builder.call(function, [builder.bitcast(data, cgutils.voidptr_t)])
        return context.get_dummy_value()

    return types.void(types.uintp, workspace), generate


def _call_blocks(typing_context, address, workspace, block, columns):
    """Call a kernel on a workspace and two pointers into it, given by their first slots."""

    def generate(context, builder, signature, arguments):
        pointer, array, *slots = arguments
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t] * 3)
        function = builder.inttoptr(pointer, kind.as_pointer())
        made = context.make_array(signature.args[1])(context, builder, array)
        data = builder.bitcast(made.data, cgutils.voidptr_t)
        row = cgutils.unpack_tuple(builder, made.strides)[0]
        blocks = [builder.gep(data, [builder.mul(row, slot)]) for slot in slots]
        builder.call(function, [data, *blocks])
        return context.get_dummy_value()

    return types.void(types.uintp, workspace, types.int64, types.int64), generate


def _array_at(element):
    """Return an intrinsic that makes an array of a shape at an address, in C order."""

    def array(typing_context, address, shape):
        kind = types.Array(element, len(shape), "C")

        def generate(context, builder, signature, arguments):
            address, shape = arguments
            lengths = [
                context.cast(builder, length, source, types.intp)
                for length, source in zip(
                    cgutils.unpack_tuple(builder, shape), signature.args[1], strict=True
                )
            ]
            strides = [cgutils.intp_t(8)]
            for length in reversed(lengths[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            made = make_array(kind)(context, builder)
            data = builder.inttoptr(address, context.get_data_type(element).as_pointer())
            populate_array(made, data, lengths, strides, cgutils.intp_t(8), meminfo=None)
            return made._getvalue()

        return kind(types.uint64, shape), generate

    return array


call: Any = intrinsic(_call)
call_blocks: Any = intrinsic(_call_blocks)
floats: Any = intrinsic(_array_at(types.float64))
integers: Any = intrinsic(_array_at(types.int64))
