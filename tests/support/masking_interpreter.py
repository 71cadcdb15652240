"""JMESPath's own interpreter with the rule of masks: what compiled expressions are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jmespath import ast, visitor

from prefill.domain.disclosure import MASK, is_mask, masked


class MaskingInterpreter(visitor.TreeInterpreter):
    """JMESPath, except that whatever is read, tested or compared of a mask is a mask."""

    def visit_field(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_field(node, value)

    def visit_index(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_index(node, value)

    def visit_slice(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_slice(node, value)

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_multi_select_list(node, value)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_multi_select_dict(node, value)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_flatten, node, value)

    def visit_projection(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_projection, node, value)

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_value_projection, node, value)

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_and_expression, node, value)

    def visit_not_expression(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_not_expression, node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        if masked(sides):
            return MASK
        return super().visit_comparator(_given(node, sides), value)

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        """A row of which it is unknown whether it matches is replaced by a mask: neither shown nor dropped."""
        base, _, condition = node["children"]
        rows = self.visit(base, value)
        if isinstance(rows, list):
            rows = [MASK if is_mask(self.visit(condition, row)) else row for row in rows]
        return self._after(super().visit_filter_projection, node, value, ast.literal(rows))

    def _after(self, visit: Callable[[Any, Any], Any], node: Any, value: Any, first: Any = None) -> Any:
        """Evaluate the first child alone: a mask there is the result."""
        base = self.visit(first or node["children"][0], value)
        if is_mask(base):
            return MASK
        return visit(_given(node, [base]), value)


def _given(node: Any, values: list[Any]) -> Any:
    """Put values that are known in place of a node's first children."""
    return {**node, "children": [*map(ast.literal, values), *node["children"][len(values) :]]}
