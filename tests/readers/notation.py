"""IR in a short notation for expectations: operators in brackets, calls as `target→name(label: arg)`."""

from __future__ import annotations

from ipclint.model import ir
from ipclint.model.ir import Block, Expr, Stmt


def show(node: Expr | Stmt | None) -> str:
    """One node. Every operator has brackets, so the grouping can be read off."""
    match node:
        case None:
            return "-"
        case ir.Name(text=text):
            return text
        case ir.Literal(kind=kind, text=text):
            return f"<{kind} {text}>" if kind in ("class", "selector") else text
        case ir.Text(value=value):
            return repr(value)
        case ir.Interpolation(parts=parts):
            return "$" + repr("".join(p.value if isinstance(p, ir.Text) else "{" + show(p) + "}" for p in parts))
        case ir.Member(base=base, name=name):
            return f"{show(base) if base is not None else ''}.{name}"
        case ir.Call(target=target, name=name, labels=labels, args=args):
            shown = ", ".join(
                (f"{label}: " if label else "") + show(arg) for label, arg in zip(labels, args, strict=True)
            )
            return f"{show(target) + '→' if target is not None else ''}{name}({shown})"
        case ir.Subscript(base=base, args=args):
            return f"{show(base)}[{', '.join(map(show, args))}]"
        case ir.Operator(op="?:", operands=(condition, then, otherwise)):
            return f"({show(condition)} ? {show(then)} : {show(otherwise)})"
        case ir.Operator(op=op, operands=(left, right)):
            return f"({show(left)} {op} {show(right)})"
        case ir.Operator(op=op, operands=operands):
            return f"({op} {' '.join(map(show, operands))})"
        case ir.Assign(target=target, op=op, value=value):
            return f"{show(target)} {op} {show(value)}"
        case ir.Cast(op=op, value=value, type=type_text):
            return f"({show(value)} {op} {type_text})"
        case ir.Closure(params=params, captures=captures, body=body):
            head = ("[" + " ".join(captures) + "] " if captures else "") + " ".join(param.name for param in params)
            return "{" + head + " in " + body_of(body) + "}"
        case ir.Collection(kind=kind, items=items):
            opening, closing = {"array": "[]", "dictionary": "⟦⟧", "tuple": "()"}[kind]
            return opening + ", ".join(map(show, items)) + closing
        case ir.Availability(platforms=platforms, negated=negated):
            return ("unless" if negated else "when") + "".join(f" {name} {version}" for name, version in platforms)
        case ir.Opaque(kind=kind, kids=kids):
            return f"?{kind}({', '.join(map(show, kids))})"
        case _:
            return _statement(node)


def body_of(block: Block) -> str:
    return "; ".join(map(show, block))


def _statement(node: Stmt) -> str:
    match node:
        case ir.Let(names=names, type=type_text, value=value, mutable=mutable):
            head = f"{'var' if mutable else 'let'} {' '.join(names)}{': ' + type_text if type_text else ''}"
            return head if value is None else f"{head} = {show(value)}"
        case ir.Evaluate(value=value, discarded=discarded):
            return ("drop " if discarded else "") + show(value)
        case ir.If(conditions=conditions, then=then, otherwise=otherwise):
            tail = f" else [{body_of(otherwise)}]" if otherwise else ""
            return f"if {' , '.join(map(show, conditions))} [{body_of(then)}]{tail}"
        case ir.Guard(conditions=conditions, otherwise=otherwise):
            return f"guard {' , '.join(map(show, conditions))} else [{body_of(otherwise)}]"
        case ir.Switch(subject=subject, cases=cases):
            return f"switch {show(subject)} " + " ".join(map(_case, cases))
        case ir.Loop(kind=kind, binds=binds, sequence=sequence, header=header, body=body, type=type_text):
            typed = [f"{' '.join(binds)}: {type_text}"] if type_text else binds
            shown = [*typed, *([f"of {show(sequence)}"] if sequence else []), *map(show, header)]
            return f"{kind} {' '.join(shown)} [{body_of(body)}]"
        case ir.Return(value=value):
            return f"return {show(value)}"
        case ir.Throw(value=value):
            return f"throw {show(value)}"
        case ir.Jump(kind=kind, label=label):
            return f"{kind} {label}".strip()
        case ir.Label(name=name):
            return f"{name}:"
        case ir.Defer(body=body):
            return f"defer [{body_of(body)}]"
        case ir.Do(body=body, catches=catches):
            shown = "".join(f" catch {c.bind or '-'} {c.type or '-'} [{body_of(c.body)}]" for c in catches)
            return f"do [{body_of(body)}]{shown}"
        case ir.Conditional(clauses=clauses):
            return " ".join(f"#({condition}) [{body_of(body)}]" for condition, body in clauses)
        case ir.Local(name=name, params=params, body=body):
            return f"func {name}({' '.join(f'{p.label}/{p.name}:{p.type}' for p in params)}) [{body_of(body)}]"
        case _:
            raise AssertionError(f"no notation for {node!r}")


def _case(case: ir.Case) -> str:
    binds = f" let {' '.join(case.binds)}" if case.binds else ""
    where = f" where {show(case.where)}" if case.where is not None else ""
    return f"| {' , '.join(map(show, case.patterns)) or 'default'}{binds}{where} [{body_of(case.body)}]"
