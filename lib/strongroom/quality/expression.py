"""Conditions between columns, compiled to Arrow kernels: a row fails where its condition is false.

As with CHECK in SQL, unknown is not false: a comparison with null passes, unless the condition asks `is not null`.
Whole numbers and decimals are compared, added, subtracted and multiplied exactly (up to 76 digits); division, and
whatever meets a float, is done in doubles, and dividing by zero gives nothing. Text compares by code points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Leaves
from strongroom.core.contract import Column
from strongroom.core.contract.conditions import check_condition
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.expression import parse
from strongroom.core.expression.tree import Call, In, IsNull, Literal, Name, Node, Value

Values = Any
"""An Arrow array, or a scalar where no column is involved."""

_MOMENT = pa.timestamp("us", "UTC")
_LOGIC = {"and": pc.and_kleene, "or": pc.or_kleene}
_COMPARE = {
    "=": pc.equal, "<>": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
}  # fmt: skip
_CALCULATE = {"+": pc.add, "-": pc.subtract, "*": pc.multiply}
_WHOLE = {
    "tinyint": (pa.int8(), 3), "smallint": (pa.int16(), 5), "int": (pa.int32(), 10), "bigint": (pa.int64(), 19),
}  # fmt: skip
"""Whole numbers: their Arrow type, and the digits of a decimal that holds them all."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A compiled node: its Arrow type and what gives its values for some rows."""

    type: pa.DataType
    values: Callable[[Leaves], Values]
    digits: int = 0  # of a decimal that holds a whole number of this type

    def cast(self, kind: pa.DataType) -> Operand:
        """The same values in another type; a literal is cast here and now."""
        if kind == self.type:
            return self
        return Operand(kind, lambda rows: self.values(rows).cast(kind))


def compile_condition(text: str, columns: Mapping[str, Column], *, where: str) -> Callable[[Leaves], Mask | None]:
    """What tells which rows do not meet a condition (None: all do).

    Args:
        text: the condition, in the language of `core.expression`.
        columns: every column and field by path.
        where: `file:line` for errors.

    Raises:
        ConfigError: it is no condition on these columns.
    """
    tree = parse(text, where=where)
    check_condition(tree, columns, where=where)
    try:
        condition = _part(tree, columns)
    except pa.ArrowInvalid as error:
        todo = "Use columns with fewer digits, or floats."
        raise ConfigError(
            [Problem("The expression needs more than 76 digits.", where, todo, "expression.invalid")]
        ) from error

    def fails(rows: Leaves) -> Mask | None:
        met = condition.values(rows)
        if isinstance(met, pa.Scalar):
            met = pa.repeat(met, rows.batch.num_rows)
        if pc.all(met, min_count=0).as_py():
            return None
        return buffers.some(~buffers.bools(met.fill_null(True)))

    return fails


def _part(node: Node, columns: Mapping[str, Column]) -> Operand:
    if isinstance(node, Literal):
        return _literal(node.value)
    if isinstance(node, Name):
        return _column(columns[node.path])
    if isinstance(node, IsNull):
        if isinstance(node.operand, Name):
            path = node.operand.path
            return Operand(pa.bool_(), lambda rows: rows[path].values.is_null())
        operand = _part(node.operand, columns)
        return Operand(pa.bool_(), lambda rows: pc.is_null(operand.values(rows)))
    if isinstance(node, In):
        return _in(_part(node.operand, columns), [item.value for item in node.items])
    if isinstance(node, Call):
        return _call(node.function, _part(node.operand, columns))
    left, right = _part(node.left, columns), _part(node.right, columns)
    if node.operator in _LOGIC:
        join = _LOGIC[node.operator]
        return Operand(pa.bool_(), lambda rows: join(left.values(rows), right.values(rows)))
    if node.operator in _COMPARE:
        return _comparison(node.operator, left, right)
    return _calculation(node.operator, left, right)


def _literal(value: Value) -> Operand:
    if isinstance(value, Decimal) or (type(value) is int and not -(2**63) <= value < 2**63):
        value = Decimal(format(value, "f")) if isinstance(value, Decimal) else Decimal(value)  # 1e3 as 1000
    scalar = pa.scalar(value, _MOMENT) if isinstance(value, datetime) else pa.scalar(value)
    return Operand(scalar.type, lambda _: scalar, 19)


def _column(column: Column) -> Operand:
    path, name = column.path, column.type.name

    def values(rows: Leaves) -> Values:
        return rows[path].values

    if name in _WHOLE:
        kind, digits = _WHOLE[name]
        return Operand(kind, values, digits)
    if name in ("float", "double"):
        return Operand(pa.float64(), lambda rows: values(rows).cast(pa.float64()))
    if name.startswith("timestamp"):
        return Operand(_MOMENT, lambda rows: values(rows).cast(_MOMENT))
    if name == "decimal":
        return Operand(pa.decimal128(column.type.precision, column.type.scale), values)
    return Operand({"string": pa.string(), "boolean": pa.bool_(), "date": pa.date32()}[name], values)


def _call(function: str, operand: Operand) -> Operand:
    if function == "not":
        return Operand(pa.bool_(), lambda rows: pc.invert(operand.values(rows)))
    if function == "length":
        return Operand(pa.int32(), lambda rows: pc.utf8_length(operand.values(rows)), 10)
    if function == "lower":
        return Operand(pa.string(), lambda rows: _lower(operand.values(rows)))
    exact = _decimal(operand)
    return Operand(exact.type, lambda rows: pc.negate(exact.values(rows)))


def _lower(texts: Values) -> Values:
    """Lower case as Unicode and Python have it: Arrow's knows one letter for one, and no final sigma."""
    if isinstance(texts, pa.Scalar):
        return pa.scalar(None if texts.as_py() is None else texts.as_py().lower(), pa.string())
    odd = pc.match_substring_regex(texts, "[İΣ]").fill_null(False)
    if not pc.any(odd, min_count=0).as_py():
        return pc.utf8_lower(texts)
    plain = pa.array([text.lower() for text in texts.filter(odd).to_pylist()], pa.string())
    return pc.replace_with_mask(pc.utf8_lower(texts), odd, plain)


def _in(operand: Operand, items: list[Value]) -> Operand:
    """Membership; null in anything is unknown."""
    known = pa.array(
        [item for item in (_fitting(value, operand.type) for value in items) if item is not None], operand.type
    )

    def values(rows: Leaves) -> Values:
        candidates = buffers.one_zero(operand.values(rows))
        return pc.if_else(pc.is_valid(candidates), pc.is_in(candidates, value_set=known), pa.scalar(None, pa.bool_()))

    return Operand(pa.bool_(), values)


def _fitting(value: Value, kind: pa.DataType) -> object:
    """The value in the type it is looked for in, or None when that type cannot hold it, so that nothing equals it."""
    if type(value) in (str, bool) or isinstance(value, date):
        return value
    if pa.types.is_floating(kind):
        return float(value)
    try:
        return pa.scalar(Decimal(value)).cast(kind).as_py()
    except pa.ArrowInvalid:
        return None


def _comparison(operator: str, left: Operand, right: Operand) -> Operand:
    compare, common = _COMPARE[operator], _common(left, right)
    one, other = left.cast(common), right.cast(common)
    return Operand(pa.bool_(), lambda rows: compare(one.values(rows), other.values(rows)))


def _common(left: Operand, right: Operand) -> pa.DataType:
    """The type in which two parts compare exactly."""
    kinds = {left.type, right.type}
    if len(kinds) == 1:
        return left.type
    if pa.float64() in kinds:
        return pa.float64()
    if all(pa.types.is_integer(kind) for kind in kinds):
        return pa.int64()
    if any(pa.types.is_temporal(kind) for kind in kinds):
        return _MOMENT
    one, other = _decimal(left).type, _decimal(right).type
    scale = max(one.scale, other.scale)
    return _wide(max(one.precision - one.scale, other.precision - other.scale) + scale, scale)


def _calculation(operator: str, left: Operand, right: Operand) -> Operand:
    if pa.types.is_date(left.type):
        days, less = left.cast(pa.int32()), right.cast(pa.int32())
        return Operand(pa.int32(), lambda rows: pc.subtract(days.values(rows), less.values(rows)), 10)
    if operator == "/" or pa.float64() in (left.type, right.type):
        return _in_doubles(operator, left.cast(pa.float64()), right.cast(pa.float64()))
    calculate, one, other = _CALCULATE[operator], _decimal(left), _decimal(right)
    try:
        kind = calculate(pa.array([], one.type), pa.array([], other.type)).type
    except pa.ArrowInvalid:
        one, other = (part.cast(pa.decimal256(part.type.precision, part.type.scale)) for part in (one, other))
        kind = calculate(pa.array([], one.type), pa.array([], other.type)).type
    return Operand(kind, lambda rows: calculate(one.values(rows), other.values(rows)))


def _in_doubles(operator: str, left: Operand, right: Operand) -> Operand:
    if operator != "/":
        calculate = _CALCULATE[operator]
        return Operand(pa.float64(), lambda rows: calculate(left.values(rows), right.values(rows)))

    def values(rows: Leaves) -> Values:
        by = right.values(rows)
        return pc.divide(left.values(rows), pc.if_else(pc.equal(by, 0.0), pa.scalar(None, pa.float64()), by))

    return Operand(pa.float64(), values)


def _decimal(part: Operand) -> Operand:
    """A whole number as a decimal; decimals and doubles as they are."""
    return part.cast(pa.decimal128(part.digits, 0)) if pa.types.is_integer(part.type) else part


def _wide(precision: int, scale: int) -> pa.DataType:
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
