/** @deprecated Use `toast`. */
export { attempted, complain, notify as say, Toasts as Messages } from "./toast";
