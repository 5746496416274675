import type { {{types}} } from '../types/index.js';

{{constants}}
